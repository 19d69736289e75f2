using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Visits;

/// <summary>
/// Whether the clinicians of a visit are licensed where the patient is when somebody joins: roles end, and patients travel. Who comes to a visit
/// of no Appointment has declared nothing and is not asked.
/// </summary>
internal sealed class Licences(VisitDesk desk)
{
    /// <summary>Throws 403 <c>not-licensed</c>, where the clinic asks for licences.</summary>
    /// <param name="encounter">The visit.</param>
    /// <param name="place">Where the patient says to be now; null where what was declared before holds.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task DemandAsync(Encounter encounter, ResourceReference? place, CancellationToken cancellationToken)
    {
        if (!desk.Server.Booking.RequireLicence || await AppointmentAsync(encounter, cancellationToken) is not { } appointment || !TelehealthVisit.IsVirtual(appointment))
        {
            return;
        }

        var declared = VisitParties.Local(place) ?? Licensure.DeclaredOf(appointment, desk.Canonicals);
        var places = Licensure.Around(declared, await AroundAsync(declared, cancellationToken));
        var services = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor)).OfType<string>()
            .Where(actor => actor.StartsWith("HealthcareService/", StringComparison.Ordinal)).ToList();
        foreach (var clinician in await CliniciansAsync(appointment, cancellationToken))
        {
            var licences = await OfAsync(clinician, cancellationToken);
            if (places.IsEmpty || !Licensure.Covers(licences, places, desk.Server.Clock.GetUtcNow(), appointment.ServiceType, services))
            {
                throw Licensure.Refuse(declared is not null, System.Net.HttpStatusCode.Forbidden).ToException(desk.Canonicals);
            }
        }
    }

    /// <summary>Keeps where the patient is now with the Appointment; the patient or the clinic may say it.</summary>
    public async Task DeclareAsync(FhirRequest request, Encounter encounter, RoomMember member, ResourceReference? place, CancellationToken cancellationToken)
    {
        if (place is null || await AppointmentAsync(encounter, cancellationToken) is not { } appointment
            || Licensure.DeclaredOf(appointment, desk.Canonicals) == VisitParties.Local(place))
        {
            return;
        }

        if (!member.IsHost && !member.Participant.StartsWith("Patient/", StringComparison.Ordinal))
        {
            throw Refusal.Forbidden("not-host", "Only the patient or who runs the visit says where the patient is.").ToException(desk.Canonicals);
        }

        await desk.CommitAsync(
            request, "$join", null, cancellationToken, desk.Step<Appointment>(appointment.Id!, before => Licensure.Declare(before, place, desk.Canonicals)));
    }

    private async Task<Appointment?> AppointmentAsync(Encounter encounter, CancellationToken cancellationToken) =>
        VisitParties.Local(encounter.Appointment.FirstOrDefault()) is { } reference ? await desk.FindAsync<Appointment>(reference, cancellationToken) : null;

    private async Task<HashSet<string>> CliniciansAsync(Appointment appointment, CancellationToken cancellationToken)
    {
        var clinicians = new HashSet<string>(StringComparer.Ordinal);
        foreach (var named in Licensure.CliniciansOf(appointment))
        {
            var person = named.StartsWith("PractitionerRole/", StringComparison.Ordinal)
                ? Occupancy.RelativeOf((await desk.FindAsync<PractitionerRole>(named, cancellationToken))?.Practitioner)
                : null;
            clinicians.Add(person ?? named);
        }

        return clinicians;
    }

    private async Task<Dictionary<string, Location>> AroundAsync(string? declared, CancellationToken cancellationToken) => declared is null
        ? []
        : (await AllAsync("Location", ("_id", declared.Split('/')[1]), "Location:partof", cancellationToken))
            .OfType<Location>().ToDictionary(place => $"Location/{place.Id}", StringComparer.Ordinal);

    private async Task<IEnumerable<Licence>> OfAsync(string clinician, CancellationToken cancellationToken)
    {
        var found = await AllAsync("PractitionerRole", ("practitioner", clinician), "PractitionerRole:service", cancellationToken);
        var services = found.OfType<HealthcareService>().ToDictionary(service => $"HealthcareService/{service.Id}", StringComparer.Ordinal);
        return found.OfType<PractitionerRole>().Select(role => new Licence(
            role, [.. role.HealthcareService.Select(Occupancy.RelativeOf).OfType<string>().Select(services.GetValueOrDefault).OfType<HealthcareService>()]));
    }

    private async Task<List<Resource>> AllAsync(string type, (string Name, string Value) criterion, string include, CancellationToken cancellationToken)
    {
        var query = desk.Server.Parser.Parse([type], [new(criterion.Name, criterion.Value), new("_include:iterate", include)], strict: true) with { Total = TotalMode.None };
        var page = await desk.Server.Store.SearchAsync(VisitDesk.Self, query, cancellationToken);
        return [.. page.Matches.Concat(page.Included).Select(match => FhirJson.Parse(match.Json))];
    }
}
