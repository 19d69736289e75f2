using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>Appointments, Slots and Schedules for tests, on Monday 2 November 2026.</summary>
internal static class Bookings
{
    public static readonly Canonicals Own = new("https://telefhir.dev/fhir");
    public static readonly DateTimeOffset Morning = At("08:00");

    public static DateTimeOffset At(string time) =>
        DateTimeOffset.Parse($"2026-11-02T{time}:00Z", CultureInfo.InvariantCulture);

    public static Slot Slot(string id, string from, string to, Slot.SlotStatus status = Hl7.Fhir.Model.Slot.SlotStatus.Free, string schedule = "s1") => new()
    {
        Id = id,
        Schedule = new ResourceReference($"Schedule/{schedule}"),
        Status = status,
        Start = At(from),
        End = At(to),
    };

    public static Schedule Schedule(string id = "s1", string actor = "Practitioner/d1") =>
        new() { Id = id, Actor = [new ResourceReference(actor)] };

    public static Appointment Appointment(AppointmentStatus status, string? from = null, string? to = null, params string[] actors) => new()
    {
        Id = "a1",
        Status = status,
        Start = from is null ? null : At(from),
        End = to is null ? null : At(to),
        Participant =
        [
            .. (actors.Length == 0 ? ["Patient/p1"] : actors)
                .Select(actor => new ParticipantComponent { Actor = new ResourceReference(actor), Status = ParticipationStatus.NeedsAction }),
        ],
    };

    public static BookingFacts Facts(Appointment appointment, bool isStored, params Slot[] slots) =>
        new(appointment, isStored, [.. slots.Select(slot => new LoadedSlot(slot))], Morning) { Schedules = [Schedule()] };
}
