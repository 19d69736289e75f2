using System.Net;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class HistoryTests(TelehealthHost host)
{
    [Fact]
    public async Task A_resources_history_tells_every_version_newest_first()
    {
        await FillAsync("h");

        var history = await host.GetAsync("/fhir/Patient/h/_history");

        Assert.Equal("history", history.Json["type"]!.GetValue<string>());
        Assert.Equal(3, history.Json["total"]!.GetValue<int>());
        Assert.Equal(["DELETE", "PUT", "PUT"], history.Entries.Select(entry => entry!["request"]!["method"]!.GetValue<string>()));
        Assert.Equal(["204 No Content", "200 OK", "201 Created"], history.Entries.Select(entry => entry!["response"]!["status"]!.GetValue<string>()));
        Assert.Equal(["W/\"3\"", "W/\"2\"", "W/\"1\""], history.Entries.Select(entry => entry!["response"]!["etag"]!.GetValue<string>()));
        Assert.Null(history.Entries[0]!["resource"]);
        Assert.All(history.Entries, entry => Assert.Equal("http://localhost/fhir/Patient/h", entry!["fullUrl"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Pages_of_a_history_lead_through_all_versions()
    {
        await FillAsync("hp");
        var tags = new List<string>();
        var address = "/fhir/Patient/hp/_history?_count=2&_sort=_lastUpdated";
        while (address is not null)
        {
            var page = await host.GetAsync(address);
            tags.AddRange(page.Entries.Select(entry => entry!["response"]!["etag"]!.GetValue<string>()));
            address = page.Link("next");
        }

        Assert.Equal(["W/\"1\"", "W/\"2\"", "W/\"3\""], tags);
    }

    [Fact]
    public async Task Type_and_system_have_a_history_too()
    {
        await FillAsync("ht");

        Assert.NotEmpty((await host.GetAsync("/fhir/Patient/_history")).Entries);
        Assert.NotEmpty((await host.GetAsync("/fhir/_history?_count=1")).Entries);
        Assert.Empty((await host.GetAsync("/fhir/Basic/_history")).Entries);
    }

    [Theory]
    [InlineData("_summary=count")]
    [InlineData("_count=0")]
    [InlineData("_summary=count&_count=5")]
    public async Task A_counted_history_has_its_total_alone(string parameters)
    {
        var id = $"hc{parameters.Length}";
        await FillAsync(id);

        var history = await host.GetAsync($"/fhir/Patient/{id}/_history?{parameters}");

        Assert.Equal(3, history.Json["total"]!.GetValue<int>());
        Assert.Null(history.Json["entry"]);
    }

    [Theory]
    [InlineData("_since=2100-01-01", 0)]
    [InlineData("_since=2001-01-01", 3)]
    [InlineData("_before=2001-01-01", 0)]
    [InlineData("_at=2001-01-01", 0)]
    public async Task Times_narrow_a_history(string parameter, int expected)
    {
        var id = parameter.Replace('=', '-').Replace('_', '-');
        await FillAsync(id);

        Assert.Equal(expected, (await host.GetAsync($"/fhir/Patient/{id}/_history?{parameter}")).Entries.Count);
    }

    [Theory]
    [InlineData("_since=soon")]
    [InlineData("_before=2100-01-01")]
    [InlineData("_sort=name")]
    [InlineData("_count=-1")]
    [InlineData("_summary=true")]
    [InlineData("_page=forged")]
    public async Task What_is_wrong_in_a_history_request_is_400(string parameter)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Patient/_history?{parameter}")).Status);
    }

    [Fact]
    public async Task What_never_was_has_no_history()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Patient/hn/_history")).Status);
    }

    private async Task FillAsync(string id)
    {
        await host.PutAsync($"/fhir/Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","gender":"male"}""");
        await host.PutAsync($"/fhir/Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","gender":"female"}""");
        await host.DeleteAsync($"/fhir/Patient/{id}");
    }
}

public sealed class HistoryTestsOnSqlite(TelehealthHost host) : HistoryTests(host), IClassFixture<TelehealthHost>;

public sealed class HistoryTestsOnPostgreSql(PostgreSqlHost host) : HistoryTests(host), IClassFixture<PostgreSqlHost>;
