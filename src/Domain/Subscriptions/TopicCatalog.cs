using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using AppointmentStatus = Hl7.Fhir.Model.Appointment.AppointmentStatus;
using EncounterStatus = Hl7.Fhir.Model.Encounter.EncounterStatus;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>The topics there are (docs/subscriptions.md), and their canonical URLs <c>{canon}/SubscriptionTopic/{name}</c>.</summary>
public static class TopicCatalog
{
    private const string HoldExpired = "hold-expired";

    /// <summary>All topics, by name.</summary>
    public static ImmutableArray<SubscriptionTopic> Topics { get; } =
    [
        new("appointment-booked", "Appointment booked", "An Appointment is booked: created so, or made so from a proposal, a hold or a waitlist.", "Appointment",
            of => Became<Appointment>(of, one => one.Status == AppointmentStatus.Booked)
                && (of.Before as Appointment)?.Status is null or AppointmentStatus.Proposed or AppointmentStatus.Pending or AppointmentStatus.Waitlist),
        new("appointment-cancelled", "Appointment cancelled", "An Appointment that was there is cancelled. A hold that runs out is hold-expired instead.", "Appointment",
            of => of.Before is Appointment && Became<Appointment>(of, one => one.Status == AppointmentStatus.Cancelled) && !IsRunOut(of)),
        new("appointment-changed", "Appointment rescheduled", "A held or booked Appointment gets another time, other slots or other participants.", "Appointment", IsRescheduled),
        new("appointment-noshow", "Appointment missed", "Nobody came to an Appointment.", "Appointment",
            of => of.Before is Appointment && Became<Appointment>(of, one => one.Status == AppointmentStatus.Noshow)),
        Named("appointment-reminder-due", "Reminder due", "A reminder of an Appointment goes out.", "Appointment"),
        new("consent-revoked", "Consent revoked", "A Consent that was active is so no longer, or is deleted.", "Consent",
            of => of is { Event: "", Before: Consent { Status: Consent.ConsentState.Active } }
                && of.Now is null or Consent { Status: Consent.ConsentState.Inactive or Consent.ConsentState.Rejected or Consent.ConsentState.EnteredInError }),
        new("econsult-answered", "E-consult answered", "The Task of an e-consult, one whose focus or basedOn is a ServiceRequest, is completed.", "Task",
            of => Became<Hl7.Fhir.Model.Task>(of, one => one.Status == Hl7.Fhir.Model.Task.TaskStatus.Completed && IsConsult(one))),
        new("encounter-finished", "Visit finished", "An Encounter is finished.", "Encounter",
            of => of.Before is Encounter && Became<Encounter>(of, one => one.Status == EncounterStatus.Finished)),
        new("encounter-started", "Visit started", "An Encounter comes to be in progress for the first time.", "Encounter",
            of => Became<Encounter>(of, one => one.Status == EncounterStatus.InProgress) && (of.Before as Encounter)?.Status != EncounterStatus.Onleave),
        new("encounter-waiting", "Patient waiting", "The patient of an Encounter has arrived and waits.", "Encounter",
            of => Became<Encounter>(of, one => one.Status == EncounterStatus.Arrived)),
        new(HoldExpired, "Hold expired", "A time that was held was not booked before the hold ran out.", "Appointment",
            of => Became<Appointment>(of, one => one.Status == AppointmentStatus.Cancelled) && IsRunOut(of)),
        new("observation-out-of-range", "Reading out of range", "A reading is to be reviewed, since it lies outside what was set for the patient.", "Observation", "Task",
            of => of.Has<Hl7.Fhir.Model.Task>(out var now, out var before) && HasCode(now, "review-reading") ? ReadingsIn(now).Except(ReadingsIn(before)) : []),
        Named("participant-connected", "Participant connected", "Somebody comes into the room of a visit, or into its lobby.", "Encounter"),
        Named("participant-disconnected", "Participant disconnected", "Somebody leaves the room of a visit, or its lobby.", "Encounter"),
        new("questionnaire-completed", "Questionnaire completed", "A QuestionnaireResponse is completed.", "QuestionnaireResponse",
            of => Became<QuestionnaireResponse>(of, one => one.Status is QuestionnaireResponse.QuestionnaireResponseStatus.Completed
                or QuestionnaireResponse.QuestionnaireResponseStatus.Amended)),
        new("rpm-missing-data", "Readings missing", "A patient who is monitored has not sent readings for long; the focus is the Task that says so.", "Task",
            of => of.Has<Hl7.Fhir.Model.Task>(out var now, out var before) && HasCode(now, "rpm-missing-data") && (before is null || !HasCode(before, "rpm-missing-data"))),
        new("slot-freed", "Slot freed", "A Slot that was taken is free again.", "Slot",
            of => of.Before is Slot { Status: not null and not Slot.SlotStatus.EnteredInError } && Became<Slot>(of, one => one.Status == Slot.SlotStatus.Free)),
    ];

    private static readonly FrozenDictionary<string, SubscriptionTopic> _byName = Topics.ToFrozenDictionary(topic => topic.Name, StringComparer.Ordinal);

    /// <summary>The topic of this name, or null.</summary>
    public static SubscriptionTopic? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The canonical URL of a topic.</summary>
    public static string UrlOf(string name, Canonicals canonicals) => $"{canonicals.Root}/SubscriptionTopic/{name}";

    /// <summary>The name in a canonical URL of a topic of this server, of whatever topic; null for any other URL. A version is left out.</summary>
    public static string? NameIn(string url, Canonicals canonicals)
    {
        var start = UrlOf("", canonicals);
        return url.StartsWith(start, StringComparison.Ordinal) ? url[start.Length..].Split('|')[0] : null;
    }

    private static SubscriptionTopic Named(string name, string title, string description, string focus) =>
        new(name, title, description, focus, of => of.Event == name);

    /// <summary>It holds of the new version and did not of the one before, if there was one.</summary>
    private static bool Became<T>(TopicOccasion occasion, Predicate<T> condition)
        where T : Resource =>
        occasion.Has<T>(out var now, out var before) && condition(now) && (before is null || !condition(before));

    private static bool IsRunOut(TopicOccasion occasion) =>
        occasion.Now is Appointment { CancelationReason: { } reason } && reason.Coding.Exists(coding => coding.Code == HoldExpired);

    private static bool IsRescheduled(TopicOccasion occasion) =>
        occasion.Has<Appointment>(out var now, out var before) && before is not null
        && IsKept(now) && IsKept(before)
        && (now.Start != before.Start || now.End != before.End || !ActorsOf(now).SetEquals(ActorsOf(before)) || !SlotsOf(now).SetEquals(SlotsOf(before)));

    private static bool IsKept(Appointment appointment) => appointment.Status is AppointmentStatus.Pending or AppointmentStatus.Booked;

    private static HashSet<string> ActorsOf(Appointment appointment) =>
        [.. appointment.Participant.Select(participant => participant.Actor?.Reference).OfType<string>()];

    private static HashSet<string> SlotsOf(Appointment appointment) => [.. appointment.Slot.Select(slot => slot.Reference).OfType<string>()];

    private static bool HasCode(Hl7.Fhir.Model.Task task, string code) => task.Code?.Coding.Exists(coding => coding.Code == code) == true;

    /// <summary>The readings that a Task is to review: the first is its focus, later ones are inputs.</summary>
    private static IEnumerable<string> ReadingsIn(Hl7.Fhir.Model.Task? task) => task is null ? []
        : task.Input.Select(input => input.Value as ResourceReference).Prepend(task.Focus).Where(reading => TypeOf(reading) == "Observation").Select(reading => reading!.Reference!);

    private static bool IsConsult(Hl7.Fhir.Model.Task task) =>
        TypeOf(task.Focus) == "ServiceRequest" || task.BasedOn.Exists(reference => TypeOf(reference) == "ServiceRequest");

    private static string? TypeOf(ResourceReference? reference) => reference?.Reference?.Split('/') is [.., var type, _] ? type : null;
}
