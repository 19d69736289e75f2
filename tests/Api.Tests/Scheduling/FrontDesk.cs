using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>What is asked of the front desk, and what is read from its answers.</summary>
internal static class FrontDesk
{
    public const string Video = """{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}""";
    public const string Reason = """{"name":"reason","valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason","code":"pat"}]}}""";

    /// <summary>A wish for Slots, for a patient (null: nobody).</summary>
    public static string Wish(string? patient, string slots, string status = "proposed", string more = "") => $$"""
        {"resourceType":"Appointment","status":"{{status}}","serviceType":[{{Video}}],{{more}}
         "slot":[{{string.Join(',', slots.Split(' ').Select(slot => $$"""{"reference":"Slot/{{slot}}"}"""))}}],
         "participant":[{{(patient is null ? """{"type":[{"text":"somebody"}],"status":"needs-action"}""" : $$"""{"actor":{"reference":"Patient/{{patient}}"},"required":"required","status":"needs-action"}""")}}]}
        """;

    /// <summary>A booked Appointment for a plain write.</summary>
    public static string Booked(string? id, string patient, string slot, string start, string end, string status = "booked", string more = "") => $$"""
        {"resourceType":"Appointment",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"status":"{{status}}","serviceType":[{{Video}}],{{more}}
         "start":"{{start}}","end":"{{end}}",{{(slot.Length == 0 ? "" : $$""" "slot":[{"reference":"Slot/{{slot}}"}],""")}}
         "participant":[{"actor":{"reference":"Patient/{{patient}}"},"status":"accepted"}]}
        """;

    public static string Parameters(params ReadOnlySpan<string> parts) =>
        $$"""{"resourceType":"Parameters"{{(parts.IsEmpty ? "" : $",\"parameter\":[{string.Join(',', parts.ToArray())}]")}} }""";

    public static string Part(string name, string type, string value) => $$"""{"name":"{{name}}","value{{type}}":{{value}}}""";

    public static string Reference(string name, string reference) => $$"""{"name":"{{name}}","valueReference":{"reference":"{{reference}}"} }""";

    public static string Resource(string name, string json) => $$"""{"name":"{{name}}","resource":{{json}} }""";

    public static Task<Answer> DoAsync(this TelehealthHost host, string path, string parameters, params string[] headers) =>
        host.PostAsync($"/fhir/Appointment/{path}", parameters, headers);

    public static Task<Answer> HoldAsync(this TelehealthHost host, string? patient, string slots, params string[] headers) =>
        host.DoAsync("$hold", Parameters(Resource("appointment-resource", Wish(patient, slots))), headers);

    public static Task<Answer> BookAsync(this TelehealthHost host, string? patient, string slots, params string[] headers) =>
        host.DoAsync("$book", Parameters(Resource("appointment-resource", Wish(patient, slots))), headers);

    public static Task<Answer> BookHeldAsync(this TelehealthHost host, string id, params string[] headers) =>
        host.DoAsync("$book", Parameters(Reference("appointment-reference", $"Appointment/{id}")), headers);

    public static Task<Answer> CancelAsync(this TelehealthHost host, string id, params string[] headers) =>
        host.DoAsync($"{id}/$cancel", Parameters(Reason), headers);

    public static Task<Answer> MoveAsync(this TelehealthHost host, string id, string version, string slot) =>
        host.DoAsync($"{id}/$reschedule", Parameters(Reference("slot", $"Slot/{slot}")), $"If-Match: {version}");

    /// <summary>The only Appointment of an answer.</summary>
    public static JsonNode Appointment(this Answer answer, HttpStatusCode status = HttpStatusCode.OK)
    {
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
        return answer.Json["resourceType"]!.GetValue<string>() == "Bundle" ? answer.Entries[0]!["resource"]! : answer.Json;
    }

    public static string Status(this JsonNode resource) => resource["status"]!.GetValue<string>();

    public static string IdOf(this JsonNode resource) => resource["id"]!.GetValue<string>();

    public static string VersionOf(this JsonNode resource) => $"W/\"{resource["meta"]!["versionId"]}\"";

    /// <summary>The status and the business code of a refusal.</summary>
    public static (int Status, string? Code) Refused(this Answer answer) =>
        ((int)answer.Status, answer.Json["resourceType"]!.GetValue<string>() == "OperationOutcome"
            ? answer.Json["issue"]![0]!["details"]?["coding"]?[0]?["code"]?.GetValue<string>() ?? "-"
            : answer.Body);

    /// <summary>A refusal of a time in both forms that readers look for, which names nobody else's resource.</summary>
    public static void IsUnavailable(this Answer answer, params ReadOnlySpan<string> others)
    {
        Assert.Equal((409, "slot-unavailable"), answer.Refused());
        var issues = answer.Json["issue"]!.AsArray();
        Assert.Contains(issues, issue => (issue!["severity"]!.GetValue<string>(), issue["code"]!.GetValue<string>()) == ("error", "conflict"));
        Assert.Contains(issues, issue => (issue!["severity"]!.GetValue<string>(), issue["code"]!.GetValue<string>()) == ("fatal", "not-found"));
        foreach (var other in others)
        {
            Assert.DoesNotContain(other, answer.Body, StringComparison.Ordinal);
        }
    }

    public static async Task<string> StatusOfAsync(this TelehealthHost host, string reference)
    {
        var answer = await host.GetAsync($"/fhir/{reference}");
        Assert.True(answer.Status == HttpStatusCode.OK, $"{reference}: {answer.Status} {answer.Body}");
        return answer.Json.Status();
    }

    /// <summary>The Encounters of an Appointment.</summary>
    public static async Task<List<JsonNode>> VisitsAsync(this TelehealthHost host, string appointment) =>
        [.. (await host.GetAsync($"/fhir/Encounter?appointment=Appointment/{appointment}")).Entries.Select(entry => entry!["resource"]!)];

    /// <summary>Patients and a clinician with half-hour Slots <c>{id}-0</c>, <c>{id}-1</c>, ... from a time on.</summary>
    public static async Task DayAsync(this TelehealthHost host, string id, DateTimeOffset from, int slots, string more = "", string patients = "amy ben")
    {
        await host.CalendarAsync(id, "America/New_York");
        for (var i = 0; i < slots; i++)
        {
            await host.SlotAsync(id, $"{id}-{i}", Text(from.AddMinutes(30 * i)), Text(from.AddMinutes(30 * (i + 1))), more: more);
        }

        foreach (var patient in patients.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            await host.StoreAsync("Patient", $"{id}-{patient}", "\"active\":true");
        }
    }

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
