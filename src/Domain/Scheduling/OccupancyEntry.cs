using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>What an actor's time is taken by.</summary>
public enum OccupancyState
{
    /// <summary>An Appointment that is held; it runs out.</summary>
    Hold,

    /// <summary>An Appointment that is booked or takes place.</summary>
    Booked,

    /// <summary>A Slot that is <c>busy-unavailable</c>.</summary>
    Block,
}

/// <summary>
/// Time of one human or room that is taken. Two entries of an actor that overlap exclude each other, unless they are seats of one group
/// visit: the same time, the same capacity, another seat.
/// </summary>
/// <param name="Actor">The human or room, for example <c>Practitioner/d1</c>; never a PractitionerRole that is known to be somebody.</param>
/// <param name="During">The time, half-open.</param>
/// <param name="State">What it is taken by.</param>
public sealed record OccupancyEntry(string Actor, Interval During, OccupancyState State)
{
    /// <summary>The Appointment, or null for a block.</summary>
    public string? AppointmentId { get; init; }

    /// <summary>When a hold runs out; from then on it takes nothing.</summary>
    public Instant? HoldExpires { get; init; }

    /// <summary>How many appointments may share the time.</summary>
    public int Capacity { get; init; } = 1;

    /// <summary>Which of the seats, from 1; 0 where none has been given yet.</summary>
    public int Seat { get; init; }

    /// <summary>Whether it is a patient's time, on which the policy decides.</summary>
    public bool IsPatient => Actor.StartsWith("Patient/", StringComparison.Ordinal);

    /// <summary>Whether it takes anything at that time.</summary>
    public bool IsLive(Instant now) => State != OccupancyState.Hold || HoldExpires is not { } expires || now < expires;

    /// <summary>Whether the two may stand beside each other in different seats.</summary>
    public bool Shares(OccupancyEntry other) =>
        Capacity > 1 && Capacity == other.Capacity && During == other.During && State != OccupancyState.Block && other.State != OccupancyState.Block;
}
