using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>What is counted for a patient, and what devices sent as other operations see it.</summary>
public abstract class RpmReportTests(TelehealthHost host)
{
    [Fact]
    public async Task Days_minutes_and_contacts_are_counted_for_each_device()
    {
        await host.PatientAsync("pa");
        await host.StoreAsync("Device", "pa-scale", """ "patient":{"reference":"Patient/pa"} """);
        var first = new DateTimeOffset(2025, 12, 1, 12, 0, 0, TimeSpan.Zero);
        await host.IngestAsync([
            .. Enumerable.Range(0, 17).SelectMany(day => (JsonNode[])[host.Reading("pa", 70, at: first.AddDays(day)), host.Reading("pa", 71, at: first.AddDays(day).AddMinutes(5))]),
            host.Reading("pa", 80, code: "29463-7", unit: "kg", device: "pa-scale", at: first)]);
        var wrong = (await host.IngestAsync(host.Reading("pa", 72, at: first.AddDays(20)))).Ids()[0];
        await host.ChangeAsync($"Observation/{wrong}", one => one["status"] = "entered-in-error");
        await host.StoreAsync("Task", "pa-review", Review("pa", "review-reading", "2025-12-05T12:00:00Z", "2025-12-05T12:12:40Z"));
        await host.StoreAsync("Task", "pa-other", Review("pa", "something-else", "2025-12-05T12:00:00Z", "2025-12-05T13:00:00Z"));
        await host.StoreAsync("Communication", "pa-call", """ "status":"completed","subject":{"reference":"Patient/pa"},"sent":"2025-12-06T12:00:00Z" """);
        await host.StoreAsync("Communication", "pa-planned", """ "status":"preparation","subject":{"reference":"Patient/pa"},"sent":"2025-12-06T12:00:00Z" """);

        var answer = await host.GetAsync("/fhir/Patient/pa/$rpm-report?start=2025-12-01&end=2025-12-30");
        var posted = await host.PostAsync("/fhir/Patient/pa/$rpm-report", """{"resourceType":"Parameters","parameter":[{"name":"start","valueDate":"2025-12-01"},{"name":"end","valueDate":"2025-12-30"}]}""");

        Assert.Equal(["Device/pa 17 12 1 99454", "Device/pa-scale 1 12 1 "], Lines(answer));
        Assert.Equal(Lines(answer), Lines(posted));
        Assert.Equal(["Device/pa 15 12 1 99445 99470", "Device/pa-scale 0 12 1 99470"], Lines(await host.GetAsync("/fhir/Patient/pa/$rpm-report?start=2025-12-03&end=2026-01-01")));
    }

    [Theory]
    [InlineData("start=nonsense", 400)]
    [InlineData("start=2025-12-02&end=2025-12-01", 400)]
    [InlineData("start=2020-01-01&end=2025-12-01", 400)]
    [InlineData("start=0001-01-01&end=0001-01-02", 400)]
    [InlineData("from=2025-12-01", 400)]
    [InlineData("", 200)]
    public async Task Times_that_are_none_are_refused(string query, int status)
    {
        await host.PatientAsync("pb");

        Assert.Equal(status, (int)(await host.GetAsync($"/fhir/Patient/pb/$rpm-report?{query}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Patient/nobody/$rpm-report")).Status);
    }

    [Fact]
    public async Task Readings_of_devices_are_served_by_lastn_and_stats()
    {
        await host.PatientAsync("pc");
        await host.IngestAsync(host.Reading("pc", 70, at: host.Now().AddMinutes(-3)), host.Reading("pc", 80, at: host.Now().AddMinutes(-2)), host.Pressure("pc", 120, 80));

        var last = await host.GetAsync("/fhir/Observation/$lastn?patient=Patient/pc&category=vital-signs");
        var statistics = await host.GetAsync("/fhir/Observation/$stats?subject=Patient/pc&code=8867-4&system=http://loinc.org&statistic=average&statistic=count&duration=24");

        Assert.Equal(2, last.Entries.Count);
        Assert.Equal(80, last.Entries.Single(entry => entry!["resource"]!["valueQuantity"] is not null)!["resource"]!["valueQuantity"]!["value"]!.GetValue<int>());
        Assert.True(statistics.Status == HttpStatusCode.OK, statistics.Body);
        Assert.Contains("\"value\":75", statistics.Body, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lines(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer.Json["parameter"]!.AsArray().Select(period =>
        {
            Assert.Equal("period", period!["name"]!.GetValue<string>());
            var parts = period["part"]!.AsArray().ToLookup(part => part!["name"]!.GetValue<string>(), part => part!);
            int Number(string name) => parts[name].Single()["valueInteger"]!.GetValue<int>();
            var codes = parts["candidate"].Select(part => part["valueCoding"]!["code"]!.GetValue<string>());
            return $"{parts["device"].Single()["valueReference"]!["reference"]} {Number("days")} {Number("review-minutes")} {Number("contacts")} {string.Join(' ', codes)}";
        });
    }

    private static string Review(string patient, string code, string start, string end) => $$"""
        "status":"completed","intent":"order","code":{"coding":[{"system":"{{Clinic.Canonicals}}/CodeSystem/task","code":"{{code}}"}]},
        "for":{"reference":"Patient/{{patient}}"},"executionPeriod":{"start":"{{start}}","end":"{{end}}"}
        """;
}

public sealed class RpmReportOnSqliteTests(SqliteFindHost host) : RpmReportTests(host), IClassFixture<SqliteFindHost>;

public sealed class RpmReportOnPostgreSqlTests(PostgreSqlFindHost host) : RpmReportTests(host), IClassFixture<PostgreSqlFindHost>;
