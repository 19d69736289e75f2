using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>A Questionnaire that is to be answered before the visit.</summary>
/// <param name="Reference">As <c>Appointment.supportingInformation</c> names it, relative.</param>
/// <param name="Questionnaire">The Questionnaire, or null where it cannot be found.</param>
public sealed record RequiredForm(string Reference, Questionnaire? Questionnaire);

public sealed partial class BookingRules
{
    /// <summary>
    /// <c>$check-in</c>: the Appointment becomes checked-in, from some time before its start until its end. To check in again changes
    /// nothing. 409 <c>invalid-transition</c>; 422 <c>checkin-window</c>, and <c>checkin-incomplete</c> with an issue for each form that
    /// the patient has not completed.
    /// </summary>
    /// <param name="appointment">The Appointment as stored.</param>
    /// <param name="forms">What is to be answered: see <see cref="FormsOf"/>.</param>
    /// <param name="responses">Answers of the patients, in any status and to any form.</param>
    /// <param name="now">The time.</param>
    public Decision<Appointment> CheckIn(
        Appointment appointment, IReadOnlyList<RequiredForm> forms, IReadOnlyList<QuestionnaireResponse> responses, DateTimeOffset now)
    {
        if (appointment.Status == AppointmentStatus.CheckedIn)
        {
            return Copy(appointment);
        }

        if (appointment.Status is not (AppointmentStatus.Booked or AppointmentStatus.Arrived))
        {
            return InvalidTransition("Only a booked appointment is checked in to.");
        }

        if (appointment.Start is not { } start || appointment.End is not { } end || now < start - settings.CheckInOpens || now >= end)
        {
            return Refusal.BusinessRule(
                "checkin-window",
                $"Check-in opens {settings.CheckInOpens.TotalMinutes:0} minutes before the start and closes at the end.",
                "Appointment.start");
        }

        var patients = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor)).ToHashSet(StringComparer.Ordinal);
        var open = forms.Where(form => !responses.Any(response => Answers(response, form, patients))).ToList();
        if (open.Count > 0)
        {
            var issues = open.Select(form => Refusal.BusinessRule(
                "checkin-incomplete", $"{form.Reference} is to be completed first.", "Appointment.supportingInformation")).ToList();
            return issues[0] with { Further = [.. issues.Skip(1).SelectMany(issue => issue.Issues(Canonicals))] };
        }

        var arrived = Copy(appointment);
        arrived.Status = AppointmentStatus.CheckedIn;
        return arrived;
    }

    /// <summary>The Questionnaires that an Appointment asks to be answered, as relative references.</summary>
    public static IReadOnlyList<string> FormsOf(Appointment appointment) =>
    [
        .. appointment.SupportingInformation.Select(Occupancy.RelativeOf)
            .OfType<string>()
            .Where(reference => reference.StartsWith("Questionnaire/", StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>
    /// Whether it is a finished answer of one of the patients to the form: it names the form's canonical URL, with its version or none, or
    /// the form itself.
    /// </summary>
    private static bool Answers(QuestionnaireResponse response, RequiredForm form, HashSet<string?> patients)
    {
        if (response.Status is not (QuestionnaireResponse.QuestionnaireResponseStatus.Completed
                or QuestionnaireResponse.QuestionnaireResponseStatus.Amended)
            || Occupancy.RelativeOf(response.Subject) is not { } subject || !patients.Contains(subject)
            || response.Questionnaire is not { } named)
        {
            return false;
        }

        var (url, version) = named.Split('|') is [var before, var after] ? (before, after) : (named, null);
        return form.Questionnaire is { Url: { } own } questionnaire && url == own
            ? version is null || questionnaire.Version is null || version == questionnaire.Version
            : url == form.Reference || url.EndsWith("/" + form.Reference, StringComparison.Ordinal);
    }
}
