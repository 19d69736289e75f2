using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using NodaTime;
using NodaTime.Text;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// <c>Patient/[id]/$rpm-report</c>: on how many days each device of a patient measured, how long it was looked at, and which billing codes that
/// may speak for. Counted is what the caller sees.
/// </summary>
internal static class RpmReport
{
    private const int PageSize = 1000;
    private const int MostRead = 500_000;
    private const int MostDays = 366;
    private const string Zone = "http://hl7.org/fhir/StructureDefinition/timezone";

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, MonitoringSettings settings, CancellationToken cancellationToken)
    {
        foreach (var type in (string[])["Observation", "Device", "Task", "Communication"])
        {
            request.Caller.Demand(Interaction.SearchType, type);
        }

        var input = await OperationInput.ReadAsync(request, server, "rpm-report", ["start", "end"], cancellationToken);
        var stored = await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
        var zone = ZoneOf((Patient)FhirJson.Parse(stored.Json));
        var today = NodaTime.Instant.FromDateTimeOffset(server.Clock.GetUtcNow()).InZone(zone).Date;
        var last = DayOf(input, "end", zone) ?? today;
        var first = DayOf(input, "start", zone) ?? last.PlusDays(1 - AdherenceReport.WindowDays);
        if (first > last || NodaTime.Period.DaysBetween(first, last) >= MostDays)
        {
            throw input.Wrong("start", $"must not be after end, and not more than {MostDays} days before it");
        }

        var report = new AdherenceReport(first, last, zone);
        var patient = $"Patient/{request.Key.Id}";

        // A day of the patient may begin and end many hours from that of UTC.
        var (from, until) = ($"ge{LocalDatePattern.Iso.Format(first.PlusDays(-1))}", $"le{LocalDatePattern.Iso.Format(last.PlusDays(1))}");
        await EachAsync(request, server, "Device", [new("patient", patient)], device => report.AddDevice(new(device.Key.Type, device.Key.Id)), cancellationToken);
        await EachAsync(
            request, server, "Observation", [new("patient", patient), new("device:missing", "false"), new("date", from), new("date", until)],
            observation => Add(report, observation, server.Address.Base), cancellationToken);
        await EachAsync(
            request, server, "Task",
            [new("patient", patient), new("code", $"{settings.Canonicals.CodeSystem("task")}|{AlertTask.Review}"), new("period", from), new("period", until)],
            task => report.AddReview(((Hl7.Fhir.Model.Task)FhirJson.Parse(task.Json)).ExecutionPeriod), cancellationToken);
        await EachAsync(
            request, server, "Communication", [new("patient", patient), new("status", "completed")],
            contact => report.AddContact((Communication)FhirJson.Parse(contact.Json)), cancellationToken);
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(Answer(report)))) with { Touched = [stored] };
    }

    private static Parameters Answer(AdherenceReport report)
    {
        var answer = new Parameters();
        foreach (var window in report.Windows())
        {
            var period = new Parameters.ParameterComponent { Name = "period" };
            Add("window", new Hl7.Fhir.Model.Period { Start = LocalDatePattern.Iso.Format(window.Start), End = LocalDatePattern.Iso.Format(window.End) });
            Add("device", new ResourceReference(window.Device.ToString()));
            Add("days", new Integer(window.Days));
            foreach (var candidate in window.Candidates)
            {
                Add("candidate", new Coding(BillingCodes.System, candidate.Code, candidate.Display));
            }

            Add("review-minutes", new Integer(window.ReviewMinutes));
            Add("contacts", new Integer(window.Contacts));
            answer.Parameter.Add(period);

            void Add(string name, DataType value) => period.Part.Add(new() { Name = name, Value = value });
        }

        return answer;
    }

    private static async System.Threading.Tasks.Task EachAsync(
        FhirRequest request, FhirServer server, string type, KeyValuePair<string, string>[] criteria, Action<StoredResource> take, CancellationToken cancellationToken)
    {
        var query = server.Parser.Parse([type], criteria, strict: true) with { Count = PageSize, Total = TotalMode.None };
        var read = 0;
        PageCursor? after = null;
        do
        {
            var page = await server.Store.SearchAsync(request.Caller, query with { After = after }, cancellationToken);
            foreach (var match in page.Matches)
            {
                take(match);
            }

            read += page.Matches.Length;
            after = page.Next;
            if (after is not null && read >= MostRead)
            {
                throw new FhirException(
                    HttpStatusCode.UnprocessableEntity,
                    [FhirException.Issue(OperationOutcome.IssueType.TooCostly, "There are too many readings; ask for a shorter time.")]);
            }
        }
        while (after is not null);
    }

    /// <summary>Read as JSON: of hundreds of thousands only a few members matter.</summary>
    private static void Add(AdherenceReport report, StoredResource observation, string baseUrl)
    {
        using var document = JsonDocument.Parse(observation.Json);
        var root = document.RootElement;
        var isValid = root.GetProperty("status"u8).GetString() is not ("entered-in-error" or "cancelled" or "registered")
            && root.EnumerateObject().Any(member => member.Name.StartsWith("value", StringComparison.Ordinal) || member.Name == "component");
        var effective = root.TryGetProperty("effectiveDateTime"u8, out var at) || root.TryGetProperty("effectiveInstant"u8, out at) ? at.GetString()
            : root.TryGetProperty("effectivePeriod"u8, out var period) && period.TryGetProperty("start"u8, out var start) ? start.GetString()
            : null;
        if (isValid && Moment.Read(effective) is { } taken
            && root.GetProperty("device"u8).TryGetProperty("reference"u8, out var device)
            && References.KeyOf(device.GetString()!, baseUrl) is { Type: "Device" } key)
        {
            report.AddReading(key, taken);
        }
    }

    private static DateTimeZone ZoneOf(Patient patient) => patient.GetExtension(Zone)?.Value switch
    {
        Code { Value: { } name } => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name),
        FhirString { Value: { } name } => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name),
        _ => null,
    } ?? DateTimeZone.Utc;

    private static LocalDate? DayOf(OperationInput input, string name, DateTimeZone zone)
    {
        if (input.Text(name) is not { } text)
        {
            return null;
        }

        return LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var day } && day.Year is > 1900 and < 3000 ? day
            : Moment.Read(text) is { } time && time.Year is > 1900 and < 3000 ? NodaTime.Instant.FromDateTimeOffset(time).InZone(zone).Date
            : throw input.Wrong(name, "must be a date");
    }
}
