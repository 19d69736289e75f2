using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>What becomes of an Appointment for a patient who has another one at that time.</summary>
public enum PatientOverlap
{
    /// <summary>It is refused.</summary>
    Reject,

    /// <summary>It is booked, and the answer warns.</summary>
    Warn,
}

/// <summary>The entries of an Appointment with their seats, and what is to be said of them.</summary>
/// <param name="Entries">Entries to keep, ordered by actor, so that all who lock them do so in one order.</param>
/// <param name="Warning">A warning for the answer, or null.</param>
public sealed record Seating(IReadOnlyList<OccupancyEntry> Entries, OperationOutcome.IssueComponent? Warning);

/// <summary>
/// Whose time an Appointment takes. It goes by the human or the room and not by the Schedule, of which one clinician may have several: a
/// PractitionerRole counts as its Practitioner.
/// </summary>
public static class Occupancy
{
    // A building has room for many visits; what is not said to be larger than a room is one.
    private static readonly HashSet<string> _places = ["si", "bu", "wi", "wa", "lvl", "co", "area", "ho", "jdn", "house"];

    /// <summary>
    /// The entries of an Appointment, without seats. Pending, it holds until its <see cref="HoldExpiry"/> (10 minutes from now where that is
    /// missing); booked, arrived, checked in or fulfilled it takes the time; else nothing. It takes nothing either when its end is past or
    /// it has no time. Without Slots it takes its participants' time alone; with Slots also that of their Schedules' actors. Whoever has
    /// declined or is only informed takes no part.
    /// </summary>
    /// <param name="appointment">The Appointment.</param>
    /// <param name="slots">Its Slots as far as known.</param>
    /// <param name="schedules">The Schedules of the Slots.</param>
    /// <param name="actorOf">Who is meant by a reference, or null for nobody: see <see cref="ActorOf"/>.</param>
    /// <param name="now">The time.</param>
    /// <param name="canonicals">Where this server's extensions are.</param>
    public static IReadOnlyList<OccupancyEntry> Of(
        Appointment appointment,
        IReadOnlyList<Slot> slots,
        IReadOnlyList<Schedule> schedules,
        Func<string, string?> actorOf,
        DateTimeOffset now,
        Canonicals canonicals)
    {
        if (!AppointmentStates.IsActive(appointment.Status) || AppointmentStates.IsImport(appointment, now)
            || Moment.Between(appointment.Start, appointment.End) is not { } during || during.Start == during.End)
        {
            return [];
        }

        var isHold = appointment.Status == AppointmentStatus.Pending;
        var expires = HoldExpiry.Of(appointment, canonicals) ?? now + HoldExpiry.Default;
        var capacity = slots.Count == 0 ? 1 : slots.Min(ScheduleHours.CapacityOf);
        var actors = appointment.Participant.Where(TakesTime).Select(participant => participant.Actor)
            .Concat(schedules.SelectMany(schedule => schedule.Actor))
            .Select(actor => RelativeOf(actor) is { } reference ? actorOf(reference) : null)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        return
        [
            .. actors.Select(actor => new OccupancyEntry(actor, during, isHold ? OccupancyState.Hold : OccupancyState.Booked)
            {
                AppointmentId = appointment.Id,
                HoldExpires = isHold ? NodaTime.Instant.FromDateTimeOffset(expires) : null,
                Capacity = actor.StartsWith("Patient/", StringComparison.Ordinal) ? 1 : capacity,
            }),
        ];
    }

    /// <summary>The entries of a Slot that is blocked (<c>busy-unavailable</c>): its Schedule's actors cannot be had. Else none.</summary>
    public static IReadOnlyList<OccupancyEntry> OfBlock(Slot slot, Schedule schedule, Func<string, string?> actorOf) =>
        slot.Status == Slot.SlotStatus.BusyUnavailable && Moment.Between(slot.Start, slot.End) is { } during && during.Start < during.End
            ?
            [
                .. schedule.Actor.Select(actor => RelativeOf(actor) is { } reference ? actorOf(reference) : null)
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal)
                    .Select(actor => new OccupancyEntry(actor, during, OccupancyState.Block)),
            ]
            : [];

    /// <summary>
    /// Whose time is meant by a reference: Practitioner, Patient and RelatedPerson are themselves, a PractitionerRole is its Practitioner, a
    /// Location is itself unless it is larger than a room or a kind of place; anything else has no time to take.
    /// </summary>
    /// <param name="reference">A relative reference.</param>
    /// <param name="find">The resource, or null where it is not known. Asked for PractitionerRole and Location alone.</param>
    public static string? ActorOf(string reference, Func<string, DomainResource?> find) => reference.Split('/')[0] switch
    {
        "Practitioner" or "Patient" or "RelatedPerson" => reference,
        "PractitionerRole" => find(reference) is PractitionerRole role && RelativeOf(role.Practitioner) is { } practitioner ? practitioner : reference,
        "Location" => find(reference) is Location place && !IsRoom(place) ? null : reference,
        _ => null,
    };

    /// <summary>
    /// Gives seats, all or none. 409 <c>slot-unavailable</c> where a human or room is taken; for a patient's own overlap 422
    /// <c>patient-overlap</c>, or a warning where the policy says so.
    /// </summary>
    /// <param name="wanted">The entries of one Appointment.</param>
    /// <param name="existing">Entries of the same actors around that time; its own are ignored, as are holds that ran out.</param>
    /// <param name="now">The time.</param>
    /// <param name="overlap">What of a patient with two appointments at a time.</param>
    public static Decision<Seating> Seat(
        IReadOnlyList<OccupancyEntry> wanted, IReadOnlyList<OccupancyEntry> existing, DateTimeOffset now, PatientOverlap overlap)
    {
        var at = NodaTime.Instant.FromDateTimeOffset(now);
        var seated = new List<OccupancyEntry>();
        OperationOutcome.IssueComponent? warning = null;
        foreach (var want in wanted.OrderBy(entry => entry.Actor, StringComparer.Ordinal))
        {
            var rivals = existing
                .Where(entry => entry.Actor == want.Actor && entry.IsLive(at) && entry.During.Overlaps(want.During)
                    && (entry.AppointmentId is null || entry.AppointmentId != want.AppointmentId))
                .ToList();
            var free = Enumerable.Range(1, want.Capacity).FirstOrDefault(seat => rivals.TrueForAll(rival => rival.Seat != seat));
            if (rivals.TrueForAll(want.Shares) && free > 0)
            {
                seated.Add(want with { Seat = free });
            }
            else if (!want.IsPatient)
            {
                return BookingRules.SlotUnavailable();
            }
            else if (overlap == PatientOverlap.Reject)
            {
                return Refusal.BusinessRule(
                    "patient-overlap", "The patient has another appointment at that time.", "Appointment.participant");
            }
            else
            {
                warning = FhirException.Issue(
                    OperationOutcome.IssueType.BusinessRule, "The patient has another appointment at that time.", "Appointment.participant");
                warning.Severity = OperationOutcome.IssueSeverity.Warning;
            }
        }

        return new Seating(seated, warning);
    }

    /// <summary>The relative form of a literal reference, without a version; null where there is none.</summary>
    public static string? RelativeOf(ResourceReference? reference) =>
        reference?.Reference is { } text && text.Split("/_history/")[0].Split('/') is [.., var type, var id] && ResourceCatalog.IsKnown(type)
            ? $"{type}/{id}"
            : null;

    // Of related persons the interpreter is at work; a parent may well be with two children.
    private static bool TakesTime(ParticipantComponent participant) =>
        participant.Status != ParticipationStatus.Declined
        && participant.Required != ParticipantRequired.InformationOnly
        && (RelativeOf(participant.Actor)?.StartsWith("RelatedPerson/", StringComparison.Ordinal) != true
            || participant.Type.Any(type => type.Coding.Any(coding => coding.Code == "translator")));

    private static bool IsRoom(Location place) =>
        place.Mode != Location.LocationMode.Kind
        && place.PhysicalType?.Coding.Any(coding => coding.Code is { } code && _places.Contains(code)) != true;
}
