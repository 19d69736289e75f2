using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Appointment/[id]/$check-in</c>: the patient is there. The Appointment is checked-in and its Encounter arrived, once what is to be filled
/// in before has been.
/// </summary>
internal static class CheckIn
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, BookingDesk desk, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "check-in", [DeclaredPlace.Name], cancellationToken);
        var place = await DeclaredPlace.ReadAsync(input, desk.Server, cancellationToken);
        var (appointment, isStored) = await desk.ReadAsync(request.Caller, request.Key, cancellationToken);
        if (!isStored)
        {
            throw Refusal.Conflict(AppointmentStates.InvalidTransition, "A proposal has not been booked yet.", "Appointment.status").ToException(desk.Canonicals);
        }

        await DemandConsentAsync(desk, appointment, cancellationToken);
        var (forms, responses) = await FormsAsync(desk, appointment, cancellationToken);
        var change = desk.Change(request.Key, stored => desk.Rules.CheckIn(Licensure.Declare(stored, place, desk.Canonicals), forms, responses, desk.Now) switch
        {
            { IsAllowed: true } there => new BookingChange(there.Value, []),
            { Refusal: { } refusal } => refusal,
        });
        var written = await desk.CommitAsync(request, [change], receipt: null, "check-in", cancellationToken);
        return desk.Answer(HttpStatusCode.OK, [.. written, .. await VisitsAsync(desk, request, cancellationToken)]);
    }

    /// <summary>Where the clinic asks for it, whoever comes to a visit by video has consented to such visits.</summary>
    private static async Task DemandConsentAsync(BookingDesk desk, Appointment appointment, CancellationToken cancellationToken)
    {
        if (!desk.Server.Options.Visits.RequireConsent || !TelehealthVisit.IsVirtual(appointment))
        {
            return;
        }

        foreach (var patient in TelehealthVisit.PatientsOf(appointment).Select(Occupancy.RelativeOf).OfType<string>())
        {
            var consents = await desk.AllAsync<Consent>(VisitConsent.Criteria(patient, desk.Canonicals), cancellationToken);
            if (!consents.Exists(consent => VisitConsent.Permits(consent, desk.Now)))
            {
                throw Refusal.BusinessRule("checkin-incomplete", "The patient has not consented to visits by video.", "Appointment.participant")
                    .ToException(desk.Canonicals);
            }
        }
    }

    private static async Task<(List<RequiredForm> Forms, List<QuestionnaireResponse> Responses)> FormsAsync(
        BookingDesk desk, Appointment appointment, CancellationToken cancellationToken)
    {
        var names = BookingRules.FormsOf(appointment);
        if (names.Count == 0)
        {
            return ([], []);
        }

        var forms = (await desk.AllAsync<Questionnaire>([new("_id", string.Join(',', names.Select(name => name.Split('/')[1])))], cancellationToken))
            .ToDictionary(form => $"Questionnaire/{form.Id}", StringComparer.Ordinal);
        var patients = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor))
            .Where(actor => actor?.StartsWith("Patient/", StringComparison.Ordinal) == true)
            .ToList();
        List<QuestionnaireResponse> responses = patients.Count == 0 ? [] : await desk.AllAsync<QuestionnaireResponse>(
            [new("subject", string.Join(',', patients)), new("status", "completed,amended")], cancellationToken);
        return ([.. names.Select(name => new RequiredForm(name, forms.GetValueOrDefault(name)))], responses);
    }

    /// <summary>The visit, so far as the caller may see it.</summary>
    private static async Task<IEnumerable<StoredResource>> VisitsAsync(BookingDesk desk, FhirRequest request, CancellationToken cancellationToken)
    {
        if (!request.Caller.May(Interaction.SearchType, "Encounter"))
        {
            return [];
        }

        var query = desk.Server.Parser.Parse(
            ["Encounter"], [new("appointment", $"{request.Key}"), new("status", "arrived,triaged,in-progress,onleave")], strict: true) with
        {
            Total = TotalMode.None,
        };
        return (await desk.Server.Store.SearchAsync(request.Caller, query, cancellationToken)).Matches;
    }
}
