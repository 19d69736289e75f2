using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Scheduling;

/// <summary>A Slot and who has it.</summary>
/// <param name="Slot">The Slot as stored.</param>
public sealed record LoadedSlot(Slot Slot)
{
    /// <summary>The active Appointment that names it; of a group visit's any one. Null where none does.</summary>
    public string? AppointmentId { get; init; }

    /// <summary>When the hold of that Appointment runs out, where it is pending.</summary>
    public DateTimeOffset? HoldExpires { get; init; }

    /// <summary>How many other active Appointments name a Slot for a group.</summary>
    public int SeatsTaken { get; init; }

    /// <summary>How many Appointments it takes.</summary>
    public int Capacity => ScheduleHours.CapacityOf(Slot);

    /// <summary>
    /// Whether an Appointment (null: a new one) may have it: it is free, held by that Appointment, held by one whose time ran out, or a
    /// group's with a seat left. What is blocked or an error never is.
    /// </summary>
    public bool IsOpenTo(string? appointmentId, DateTimeOffset now) => Slot.Status switch
    {
        Slot.SlotStatus.BusyUnavailable or Slot.SlotStatus.EnteredInError or null => false,
        _ when AppointmentId is not null && AppointmentId == appointmentId => true,
        _ when Capacity > 1 => SeatsTaken < Capacity,
        Slot.SlotStatus.Free => true,
        Slot.SlotStatus.BusyTentative => HoldExpires <= now,
        _ => false,
    };
}

/// <summary>What is known when an Appointment is held, booked or moved.</summary>
/// <param name="Appointment">The Appointment: as stored, or as wished for.</param>
/// <param name="IsStored">Whether it is stored; else it has no id of its own yet and its status is a wish.</param>
/// <param name="Slots">The Slots that it names, in its order.</param>
/// <param name="Now">The time.</param>
public sealed record BookingFacts(Appointment Appointment, bool IsStored, IReadOnlyList<LoadedSlot> Slots, DateTimeOffset Now)
{
    /// <summary>The Schedules of the Slots.</summary>
    public IReadOnlyList<Schedule> Schedules { get; init; } = [];

    /// <summary>Who is meant by a reference (<see cref="Occupancy.ActorOf"/>), so that a role and its practitioner are known as one.</summary>
    public Func<string, string?> ActorOf { get; init; } = reference => reference;

    /// <summary>The id under which the Appointment may have Slots already.</summary>
    internal string? OwnId => IsStored ? Appointment.Id : null;

    /// <summary>Who is meant by a reference, or null for nobody that is known.</summary>
    internal string? Meant(ResourceReference? reference) =>
        Occupancy.RelativeOf(reference) is { } relative ? ActorOf(relative) ?? relative : null;
}

/// <summary>What is to be stored, all or none of it: copies of what was given.</summary>
/// <param name="Appointment">The Appointment.</param>
/// <param name="Slots">The Slots whose status changes.</param>
public sealed record BookingChange(Appointment Appointment, IReadOnlyList<Slot> Slots);
