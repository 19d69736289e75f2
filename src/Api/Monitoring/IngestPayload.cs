using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// <c>Observation/$ingest-payload?source=&amp;patient=&amp;device=</c>: takes what a wearable's service sends in its own form. What is made of it goes
/// the way of all readings.
/// </summary>
internal static class IngestPayload
{
    private static readonly string[] _parameters = ["source", "patient", "device"];

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, PayloadMaps maps, MonitoringSettings settings, IngestDesk desk, IngestQueue queue, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Create, "Observation");
        if (request.Parameters.FirstOrDefault(parameter => !_parameters.Contains(parameter.Key)) is { Key: not null })
        {
            throw Wrong($"has the parameters {string.Join(", ", _parameters)} and no other");
        }

        var source = Text("source") ?? throw Wrong($"needs source: one of {string.Join(", ", maps.Sources)}");
        var map = maps.Find(source) ?? throw Wrong($"knows no such source; it knows {string.Join(", ", maps.Sources)}");
        var patient = Key("patient", "Patient", request.Caller.Patient);
        var device = Key("device", "Device", null);
        var payload = await request.Body.ReadPayloadAsync(map.Format == "xml", server.Options.Limits.ResourceBytes, cancellationToken);
        var made = new PayloadReader(map, settings.Canonicals).Read(payload, patient, device);
        if (made.Count > Ingest.MostEntries)
        {
            throw FhirException.Of(
                HttpStatusCode.RequestEntityTooLarge, OperationOutcome.IssueType.TooLong, $"A payload has at most {Ingest.MostEntries} readings.");
        }

        var sent = made.Select((one, at) => one.IsAllowed
            ? new SentReading(FhirJson.Serialize(one.Value), $"reading[{at}]")
            : new SentReading(default, null) { Refusal = one.Refusal.ToException(settings.Canonicals) }).ToList();
        return await Ingest.TakeAsync(request, server, desk, queue, sent, payload.Length, cancellationToken);

        string? Text(string name) => request.Parameters.Where(parameter => parameter.Key == name).Select(parameter => parameter.Value).ToList() switch
        {
            [] => null,
            [var only] => only,
            _ => throw Wrong($"takes {name} once"),
        };

        ResourceKey Key(string name, string type, string? otherwise)
        {
            var given = Text(name) ?? otherwise ?? throw Wrong($"needs {name}");
            return References.KeyOf(given.Contains('/', StringComparison.Ordinal) ? given : $"{type}/{given}", server.Address.Base) is { } key && key.Type == type
                ? key
                : throw Wrong($"takes a {type} of this server as {name}");
        }
    }

    private static FhirException Wrong(string text) => FhirException.Invalid($"$ingest-payload {text}.");
}
