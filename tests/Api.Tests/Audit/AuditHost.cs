using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Smart.Bearer;
using TeleFhir.Domain.Audit;

namespace TeleFhir.Api.Tests.Audit;

/// <summary>A server that knows its callers, and two records: Amy's, of the clinic where Lee works, and Ben's, of none.</summary>
public sealed class AuditHost : IAsyncLifetime
{
    private readonly IssuerProcess _issuer = new();

    public TelehealthHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _issuer.InitializeAsync();
        Host = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:AdministratorRoles:0", "auditor");
        });
        var backend = await BackendAsync();
        await PutAsync(backend, """{"resourceType":"Organization","id":"clinic","name":"Clinic"}""");
        await PutAsync(backend, """{"resourceType":"Practitioner","id":"lee"}""");
        await PutAsync(backend, """{"resourceType":"PractitionerRole","id":"lee","practitioner":{"reference":"Practitioner/lee"},"organization":{"reference":"Organization/clinic"}}""");
        await PutAsync(backend, """{"resourceType":"Patient","id":"amy","managingOrganization":{"reference":"Organization/clinic"}}""");
        await PutAsync(backend, """{"resourceType":"Patient","id":"ben"}""");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    public async Task<string> BackendAsync(string scopes = "system/*.cruds") => Header(await _issuer.MintAsync(scopes: scopes));

    public async Task<string> ClinicianAsync(string scopes = "user/*.cruds", string user = "lee") =>
        Header(await _issuer.MintAsync(scopes: scopes, subject: user, fhirUser: "Practitioner/lee"));

    public async Task<string> PatientAsync(string patient, string scopes = "patient/*.rs") =>
        Header(await _issuer.MintAsync(scopes: scopes, subject: $"user-{patient}", patient: patient, fhirUser: $"Patient/{patient}"));

    public async Task<string> AuditorAsync() => Header(await _issuer.MintAsync(
        scopes: "user/AuditEvent.rs user/Patient.rs", subject: "auditor", fhirUser: "Practitioner/auditor", claims: new JsonObject { ["role"] = "auditor" }));

    /// <summary>The AuditEvents of a request, by the id that it was sent with, once there are as many as expected.</summary>
    public async Task<List<JsonNode>> EventsAsync(string requestId, int expected = 1)
    {
        var backend = await BackendAsync("system/AuditEvent.rs");
        for (var tries = 0; ; tries++)
        {
            // Later ones cannot come in between: entries of one process keep their order, which is that of the numbers at the end of their ids.
            var found = (await Host.GetAsync("/fhir/AuditEvent?_count=1000&_sort=-_lastUpdated", backend)).Entries.Select(entry => entry!["resource"]!)
                .Where(made => RequestIdOf(made) == requestId).OrderBy(PlaceOf).ToList();
            if (found.Count >= expected)
            {
                return found;
            }

            Assert.True(tries < 300, $"No AuditEvent of {requestId}.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    private static (long? Number, string Id) PlaceOf(JsonNode made)
    {
        var id = made["id"]!.GetValue<string>();
        return (AuditEventRendering.ParseId(id)?.Number, id);
    }

    public async Task<JsonNode> EventAsync(string requestId) => Assert.Single(await EventsAsync(requestId));

    public static string? RequestIdOf(JsonNode made) => made["entity"]?.AsArray()
        .FirstOrDefault(entity => entity!["type"]?["code"]?.GetValue<string>() == "XrequestId")?["what"]!["identifier"]!["value"]!.GetValue<string>();

    /// <summary>Interaction, outcome and the references of the entities.</summary>
    public static string Summary(JsonNode made)
    {
        var names = made["entity"]?.AsArray().Select(entity => entity!["what"]?["reference"]?.GetValue<string>()).OfType<string>() ?? [];
        return $"{made["subtype"]!.AsArray()[^1]!["code"]!.GetValue<string>()} {made["outcome"]!.GetValue<string>()} {string.Join(' ', names)}".TrimEnd();
    }

    public static string? QueryOf(JsonNode made) => made["entity"]!.AsArray().Select(entity => entity!["query"]?.GetValue<string>()).OfType<string>()
        .Select(query => Encoding.UTF8.GetString(Convert.FromBase64String(query))).SingleOrDefault();

    private static string Header(string token) => $"Authorization: Bearer {token}";

    private async Task PutAsync(string caller, string json)
    {
        var resource = JsonNode.Parse(json)!;
        var answer = await Host.PutAsync($"/fhir/{resource["resourceType"]}/{resource["id"]}", json, caller);
        Assert.True(answer.Status is HttpStatusCode.Created, answer.Body);
    }
}
