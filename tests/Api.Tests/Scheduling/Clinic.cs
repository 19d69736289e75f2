using System.Net;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Clinicians, rooms, their calendars and Slots for tests, under ids that start with a name of the test's own.</summary>
internal static class Clinic
{
    public const string Canonicals = "https://telefhir.dev/fhir";

    public static string Zone(string name) =>
        $$"""{"url":"http://hl7.org/fhir/StructureDefinition/timezone","valueCode":"{{name}}"}""";

    /// <summary>An extension with weekly hours.</summary>
    public static string Rule(string days, string from, string to, int minutes, string more = "") => $$"""
        {"url":"{{Canonicals}}/StructureDefinition/schedule-availability","extension":[
          {{string.Concat(days.Split(' ').Select(day => $$"""{"url":"daysOfWeek","valueCode":"{{day}}"},"""))}}
          {"url":"availableStartTime","valueTime":"{{from}}:00"},{"url":"availableEndTime","valueTime":"{{to}}:00"},
          {"url":"slotMinutes","valuePositiveInt":{{minutes}}}{{more}}]}
        """;

    public static async Task StoreAsync(this TelehealthHost host, string type, string id, string members)
    {
        var answer = await host.PutAsync($"/fhir/{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}}}""");
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }

    /// <summary>A Practitioner and a Schedule of the same id.</summary>
    public static async Task CalendarAsync(this TelehealthHost host, string id, string zone = "America/New_York", string extensions = "", string more = "")
    {
        await host.StoreAsync("Practitioner", id, $"\"active\":true,\"extension\":[{Zone(zone)}]");
        await host.StoreAsync(
            "Schedule",
            id,
            $$"""{{(extensions.Length == 0 ? "" : $"\"extension\":[{extensions}],")}}"active":true{{more}},"actor":[{"reference":"Practitioner/{{id}}","display":"Dr. {{id}}"}]""");
    }

    public static Task SlotAsync(this TelehealthHost host, string schedule, string id, string start, string end, string status = "free", string more = "") =>
        host.StoreAsync("Slot", id, $$"""{{more}}"schedule":{"reference":"Schedule/{{schedule}}"},"status":"{{status}}","start":"{{start}}","end":"{{end}}" """);

    /// <summary>Asks for the Slots of a period.</summary>
    public static Task<Answer> GenerateAsync(this TelehealthHost host, string schedule, string start, string end) => host.PostAsync(
        $"/fhir/Schedule/{schedule}/$generate-slots",
        $$"""{"resourceType":"Parameters","parameter":[{"name":"period","valuePeriod":{"start":"{{start}}","end":"{{end}}"} }]}""");

    public static int Created(this Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer.Json["parameter"]![0]!["valueUnsignedInt"]!.GetValue<int>();
    }
}
