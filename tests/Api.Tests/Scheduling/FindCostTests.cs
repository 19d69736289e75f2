using System.Diagnostics;
using System.Net;
using System.Text;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>How many statements a <c>$find</c> takes, counted by what the driver of PostgreSQL tells; on SQLite the same code runs.</summary>
public sealed class FindCostTests(PostgreSqlFindHost host) : IClassFixture<PostgreSqlFindHost>
{
    /// <summary>For one visit, whatever is asked for.</summary>
    private const int MostStatements = 30;

    private const string Days = "start=2026-06-01&end=2026-06-30";

    [Fact]
    public async Task The_number_of_statements_does_not_grow_with_the_number_of_calendars()
    {
        await FillAsync("few", calendars: 5);
        await FillAsync("many", calendars: 200);

        var few = await StatementsAsync($"{Days}&specialty=urn:s|few");
        var many = await StatementsAsync($"{Days}&specialty=urn:s|many");
        var series = await StatementsAsync($"{Days}&specialty=urn:s|many&occurrence-count=4");
        var rich = await StatementsAsync(
            $"{Days}&specialty=urn:s|many&location-reference=Location/fc-many&practitioner=Practitioner/many-1,Practitioner/many-2&patient-reference=Patient/fc-many");

        TestContext.Current.TestOutputHelper!.WriteLine($"{few} statements for 5 calendars, {many} for 200, {series} for a series, {rich} for two clinicians, a room and a patient");
        Assert.InRange(few, 1, MostStatements);
        Assert.InRange(many, 1, MostStatements);
        Assert.InRange(rich, 1, MostStatements);
        Assert.InRange(series, 1, 2 * MostStatements);
    }

    [Fact]
    public async Task Licences_are_looked_up_for_all_calendars_at_once()
    {
        await FillAsync("less", calendars: 5);
        await FillAsync("more", calendars: 200);
        foreach (var number in Enumerable.Range(1, 5))
        {
            await host.StoreAsync("PractitionerRole", $"more-{number}", $$""" "practitioner":{"reference":"Practitioner/more-{{number}}"},"location":[{"reference":"Location/fc-more"}] """);
        }

        await using var licensed = await PostgreSqlLicenceHost.StartAsync(builder =>
        {
            Gates.SetLicence(builder);
            builder.UseSetting("ConnectionStrings:TeleFhir", host.Database);
        });
        var few = await StatementsAsync($"{Days}&specialty=urn:s|less&modality=VR&declared-location=Location/fc-less", licensed);
        var many = await StatementsAsync($"{Days}&specialty=urn:s|more&modality=VR&declared-location=Location/fc-more", licensed);

        TestContext.Current.TestOutputHelper!.WriteLine($"{few} statements for 5 calendars, {many} for 200");
        Assert.InRange(few, 1, MostStatements);
        Assert.InRange(many, 1, MostStatements);
    }

    private async Task<int> StatementsAsync(string query, TelehealthHost? server = null)
    {
        var trace = ActivityTraceId.CreateRandom();
        var count = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.Source.Name == "Npgsql" && activity.TraceId == trace)
                {
                    Interlocked.Increment(ref count);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var answer = await (server ?? host).GetAsync($"/fhir/Appointment/$find?{query}", $"traceparent: 00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return count;
    }

    private async Task FillAsync(string name, int calendars)
    {
        await host.StoreAsync("Patient", $"fc-{name}", "\"active\":true");
        await host.StoreAsync("Location", $"fc-{name}", $"\"name\":\"{name}\",\"extension\":[{Clinic.Zone("UTC")}]");
        await host.StoreAsync("Schedule", $"fc-{name}", $"\"actor\":[{{\"reference\":\"Location/fc-{name}\"}}]");
        foreach (var some in Enumerable.Range(1, calendars).Chunk(25))
        {
            var entries = new List<string>();
            foreach (var number in some)
            {
                var id = $"{name}-{number}";
                entries.Add(Entry("Practitioner", id, $"\"active\":true,\"extension\":[{Clinic.Zone("UTC")}]"));
                entries.Add(Entry("Schedule", id, $$"""
                    "specialty":[{"coding":[{"system":"urn:s","code":"{{name}}"}]}],"actor":[{"reference":"Practitioner/{{id}}"}]
                    """));
                entries.Add(Entry("Slot", id, $$"""
                    "schedule":{"reference":"Schedule/{{id}}"},"status":"free","start":"2026-06-01T09:00:00Z","end":"2026-06-01T09:30:00Z"
                    """));
            }

            var answer = await host.PostAsync("/fhir", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        }
    }

    private static string Entry(string type, string id, string members) => new StringBuilder()
        .Append("{\"resource\":{\"resourceType\":\"").Append(type).Append("\",\"id\":\"").Append(id).Append("\",").Append(members)
        .Append("},\"request\":{\"method\":\"PUT\",\"url\":\"").Append(type).Append('/').Append(id).Append("\"}}").ToString();
}
