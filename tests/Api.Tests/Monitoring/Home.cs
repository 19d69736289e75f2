using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>Patients at home, their devices and what those send, under ids of the test's own.</summary>
internal static class Home
{
    public const string HeartRate = "8867-4";

    /// <summary>A patient who has agreed to be monitored, and a device of the same id.</summary>
    public static async Task PatientAsync(this TelehealthHost host, string id, bool agrees = true)
    {
        await host.StoreAsync("Patient", id, $$""" "extension":[{{Clinic.Zone("America/New_York")}}] """);
        await host.StoreAsync("Device", id, $$""" "patient":{"reference":"Patient/{{id}}"} """);
        if (agrees)
        {
            await host.StoreAsync("Consent", $"{id}-rpm", Consent(id));
        }
    }

    public static string Consent(string patient, string status = "active", string category = "rpm", string provision = "permit") => $$"""
        "status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
        "category":[{"coding":[{"system":"{{Clinic.Canonicals}}/CodeSystem/consent-category","code":"{{category}}"}]}],
        "patient":{"reference":"Patient/{{patient}}"},"policyRule":{"coding":[{"code":"OPTIN"}]},"provision":{"type":"{{provision}}"}
        """;

    public static string Text(this DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A reading of the device of the same id, of now unless said otherwise.</summary>
    public static JsonObject Reading(
        this TelehealthHost host, string patient, decimal value = 70, string code = HeartRate, string unit = "/min", string? identifier = null, DateTimeOffset? at = null, string? device = null)
    {
        var reading = JsonNode.Parse($$"""
            {"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
             "code":{"coding":[{"system":"http://loinc.org","code":"{{code}}"}]},"subject":{"reference":"Patient/{{patient}}"},
             "effectiveDateTime":"{{(at ?? host.Now()).Text()}}","device":{"reference":"Device/{{device ?? patient}}"},
             "valueQuantity":{"value":{{value.ToString(CultureInfo.InvariantCulture)}},"unit":"{{unit}}","system":"http://unitsofmeasure.org","code":"{{unit}}"} }
            """)!.AsObject();
        if (identifier is not null)
        {
            reading["identifier"] = new JsonArray(new JsonObject { ["system"] = "urn:x", ["value"] = identifier });
        }

        return reading;
    }

    public static JsonObject Pressure(this TelehealthHost host, string patient, int systolic, int diastolic, DateTimeOffset? at = null)
    {
        var reading = host.Reading(patient, at: at);
        reading.Remove("valueQuantity");
        reading["code"] = JsonNode.Parse("""{"coding":[{"system":"http://loinc.org","code":"85354-9"},{"system":"http://loinc.org","code":"55284-4"}]}""");
        reading["component"] = new JsonArray([.. new (string Code, int Value)[] { ("8480-6", systolic), ("8462-4", diastolic) }.Select(part => JsonNode.Parse($$"""
            {"code":{"coding":[{"system":"http://loinc.org","code":"{{part.Code}}"}]},"valueQuantity":{"value":{{part.Value}},"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"} }
            """))]);
        return reading;
    }

    public static string Collection(params IEnumerable<JsonNode> resources) =>
        $$"""{"resourceType":"Bundle","type":"collection","entry":[{{string.Join(',', resources.Select(resource => $$"""{"resource":{{resource.ToJsonString()}} }"""))}}]}""";

    public static Task<Answer> IngestAsync(this TelehealthHost host, params IEnumerable<JsonNode> readings) =>
        host.PostAsync("/fhir/Observation/$ingest", Collection(readings));

    /// <summary>What each entry was answered: its status, and where it was refused why.</summary>
    public static string[] Outcomes(this Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, $"{answer.Status} {answer.Body}");
        return [.. answer.Entries.Select(entry => entry!["response"]!).Select(response =>
            response["status"]!.GetValue<string>()[..3] + (response["outcome"] is { } outcome ? " " + Business(outcome) : ""))];
    }

    /// <summary>The ids in the locations of the entries; null of what is not stored.</summary>
    public static string?[] Ids(this Answer answer) =>
        [.. answer.Entries.Select(entry => entry!["response"]!["location"]?.GetValue<string>().Split("/Observation/")[1].Split('/')[0])];

    public static async Task<int> CountAsync(this TelehealthHost host, string search) =>
        (await host.GetAsync($"/fhir/{search}&_summary=count")).Json["total"]!.GetValue<int>();

    private static string Business(JsonNode outcome) =>
        outcome["issue"]![0]!["details"]?["coding"]?[0]?["code"]?.GetValue<string>() ?? outcome["issue"]![0]!["code"]!.GetValue<string>();
}
