using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// What the operations of the front desk decide: <c>$hold</c>, <c>$book</c>, <c>$cancel</c>, <c>$reschedule</c>, <c>$check-in</c> and the jobs
/// beside them (IHE ITI Scheduling, https://profiles.ihe.net/ITI/Scheduling/). Each takes what was loaded and gives what is to be stored or
/// why not. Whether the actors' time is free is <see cref="Occupancy"/>'s to say, within the same transaction.
/// </summary>
/// <param name="settings">What the clinic sets.</param>
public sealed partial class BookingRules(BookingSettings settings)
{
    private Canonicals Canonicals => settings.Canonicals;

    /// <summary>409 <c>slot-unavailable</c>, in both forms that readers of the time look for: a conflict, and IHE's fatal not-found.</summary>
    /// <param name="slot">Which of the Appointment's Slots, from 0.</param>
    public static Refusal SlotUnavailable(int slot = 0) =>
        Refusal.Conflict("slot-unavailable", "Requested time is no longer available", $"Appointment.slot[{slot}]") with
        {
            Further =
            [
                new OperationOutcome.IssueComponent
                {
                    Severity = OperationOutcome.IssueSeverity.Fatal,
                    Code = OperationOutcome.IssueType.NotFound,
                    Diagnostics = "IHE ITI-116/117",
                },
            ],
        };

    /// <summary>Whether a proposal of <c>$find</c> can be taken up still: 410 <c>proposal-expired</c> where not.</summary>
    public static Refusal? CheckProposal(DateTimeOffset expires, DateTimeOffset now) =>
        expires <= now ? Refusal.Gone("proposal-expired", "The proposal has run out: look for times again with $find.") : null;

    /// <summary>
    /// Whether the caller may make this Appointment theirs: staff may for everybody, a patient for themselves alone. Else 403
    /// <c>other-patient</c>.
    /// </summary>
    public static Refusal? CheckPatient(Appointment appointment, Caller caller)
    {
        if (caller.IsStaffFor("Appointment"))
        {
            return null;
        }

        var patients = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor))
            .Where(actor => actor?.StartsWith("Patient/", StringComparison.Ordinal) == true)
            .ToList();
        var own = caller.Patient ?? (caller.FhirUser is { Type: "Patient" } user ? user.Id : null);
        return own is not null && patients.Count > 0 && patients.TrueForAll(patient => patient == $"Patient/{own}")
            ? null
            : Refusal.Forbidden("other-patient", "A patient's app makes appointments for that patient alone.", "Appointment.participant");
    }

    /// <summary>A copy of the Appointment in which these patients take part, each once.</summary>
    public static Appointment WithPatients(Appointment appointment, IEnumerable<string> patients)
    {
        var changed = (Appointment)appointment.DeepCopy();
        foreach (var patient in patients)
        {
            if (changed.Participant.TrueForAll(participant => Occupancy.RelativeOf(participant.Actor) != patient))
            {
                changed.Participant.Add(new()
                {
                    Actor = new ResourceReference(patient),
                    Required = ParticipantRequired.Required,
                    Status = ParticipationStatus.Accepted,
                });
            }
        }

        return changed;
    }

    /// <summary>
    /// Gives the Appointment the time of its Slots, which must be there to be had: contiguous for each Schedule and the same for all.
    /// </summary>
    private static Refusal? Fit(Appointment appointment, BookingFacts facts)
    {
        if (facts.Slots.Count == 0)
        {
            return Refusal.BusinessRule("slot-missing", "Name the slots that the appointment is to have.", "Appointment.slot");
        }

        for (var i = 0; i < facts.Slots.Count; i++)
        {
            if (!facts.Slots[i].IsOpenTo(facts.OwnId, facts.Now))
            {
                return SlotUnavailable(i);
            }
        }

        var times = facts.Slots.GroupBy(loaded => Occupancy.RelativeOf(loaded.Slot.Schedule))
            .Select(group => Whole(group.Select(loaded => loaded.Slot)))
            .ToList();
        if (times[0] is not { } time || times.Exists(other => other != time))
        {
            return WrongDuration("The slots do not make up one time.", "Appointment.slot");
        }

        if ((appointment.Start is { } start && start != time.Start) || (appointment.End is { } end && end != time.End))
        {
            return WrongDuration("The time is not that of the slots.", "Appointment.start");
        }

        var minutes = (int)(time.End - time.Start).TotalMinutes;
        if (appointment.MinutesDuration is { } wished && wished != minutes)
        {
            return WrongDuration("The duration is not that of the slots.", "Appointment.minutesDuration");
        }

        if (time.Start <= facts.Now)
        {
            return Refusal.BusinessRule("past", "The time has begun already.", "Appointment.start");
        }

        if (facts.Schedules.Any(schedule => schedule.Active == false))
        {
            return Refusal.BusinessRule("service-inactive", "The schedule is not in use.", "Appointment.slot");
        }

        appointment.StartElement = Moment.Instant(time.Start);
        appointment.EndElement = Moment.Instant(time.End);
        appointment.MinutesDuration = minutes;
        appointment.Slot = [.. facts.Slots.Select(loaded => new ResourceReference($"Slot/{loaded.Slot.Id}"))];
        return null;
    }

    private static (DateTimeOffset Start, DateTimeOffset End)? Whole(IEnumerable<Slot> slots)
    {
        (DateTimeOffset Start, DateTimeOffset End)? whole = null;
        foreach (var slot in slots.OrderBy(slot => slot.Start))
        {
            if (slot.Start is not { } start || slot.End is not { } end || end <= start || (whole is { } before && before.End != start))
            {
                return null;
            }

            whole = (whole?.Start ?? start, end);
        }

        return whole;
    }

    /// <summary>
    /// The rooms of the Slots take part, and their clinicians where the Appointment names none; each once, as accepted.
    /// </summary>
    private static void Invite(Appointment appointment, BookingFacts facts)
    {
        var hasClinician = appointment.Participant.Exists(participant => IsClinician(participant.Actor));
        foreach (var schedule in facts.Schedules)
        {
            // A calendar may name both a role and the practitioner in it.
            var clinician = hasClinician ? null : schedule.Actor.Find(IsClinician);
            foreach (var actor in schedule.Actor.Where(actor => actor == clinician || TypeOf(actor) == "Location"))
            {
                if (appointment.Participant.TrueForAll(participant => facts.Meant(participant.Actor) != facts.Meant(actor)))
                {
                    appointment.Participant.Add(new()
                    {
                        Type = actor == clinician ? [new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF")] : [],
                        Actor = new ResourceReference(Occupancy.RelativeOf(actor), actor.Display),
                        Required = ParticipantRequired.Required,
                        Status = ParticipationStatus.Accepted,
                    });
                }
            }
        }
    }

    private static bool IsClinician(ResourceReference? reference) => TypeOf(reference) is "Practitioner" or "PractitionerRole";

    private static string? TypeOf(ResourceReference? reference) => Occupancy.RelativeOf(reference)?.Split('/')[0];

    /// <summary>The Slots that an Appointment takes; of a group's only the one whose last seat it has changes.</summary>
    private static IEnumerable<Slot> Take(IEnumerable<LoadedSlot> slots, Slot.SlotStatus status) =>
        slots.Where(loaded => loaded.Slot.Status != status && loaded.SeatsTaken + 1 >= loaded.Capacity).Select(loaded => With(loaded.Slot, status));

    private static Slot With(Slot slot, Slot.SlotStatus status)
    {
        var changed = (Slot)slot.DeepCopy();
        changed.Status = status;
        return changed;
    }

    private static Appointment Copy(Appointment appointment) => (Appointment)appointment.DeepCopy();

    private static Refusal WrongDuration(string text, string expression) => Refusal.BusinessRule("wrong-duration", text, expression);

    private static Refusal InvalidTransition(string text) => Refusal.Conflict(AppointmentStates.InvalidTransition, text, "Appointment.status");
}
