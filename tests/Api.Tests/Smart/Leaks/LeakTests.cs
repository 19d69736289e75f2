using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>Ways round the rules that take more than one request.</summary>
public sealed class LeakTests(LeakHost leaks) : IClassFixture<LeakHost>
{
    private const string Stranger = "another patient's app";
    private const string Patch = """
        {"resourceType":"Parameters","parameter":[{"name":"operation","part":[
         {"name":"type","valueCode":"add"},{"name":"path","valueString":"TYPE"},{"name":"name","valueString":"language"},{"name":"value","valueCode":"en"}]}]}
        """;

    private const string Elsewhere = "a clinician of elsewhere";

    [Theory]
    [InlineData("/fhir/Observation?_count=1")]
    [InlineData("/fhir?_type=Observation,Patient&_count=1")]
    [InlineData("/fhir/Observation/_history?_count=1")]
    [InlineData("/fhir/_history?_count=1")]
    public async Task A_page_link_of_somebody_else_shows_what_one_may_see_oneself(string address)
    {
        var next = (await leaks.StoredAsync(address)).Link("next")!;
        var page = await leaks.SendAsync("the server's own", "GET", next, null);
        Assert.Equal(HttpStatusCode.OK, page.Status);

        foreach (var caller in (string[])[Stranger, Elsewhere, "a scope for another category"])
        {
            var shown = await leaks.SendAsync(caller, "GET", next, null);

            Assert.DoesNotContain(LeakHost.Secret, shown.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_total_counts_what_is_shown()
    {
        var all = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation?_count=1000&_total=accurate", null);
        var counted = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation?_summary=count", null);
        var history = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/_history?_count=1000", null);

        Assert.Equal(all.Entries.Count, all.Json["total"]!.GetValue<int>());
        Assert.Equal(all.Entries.Count, counted.Json["total"]!.GetValue<int>());
        Assert.Equal(history.Entries.Count, history.Json["total"]!.GetValue<int>());
        Assert.True((await leaks.StoredAsync("/fhir/Observation?_summary=count")).Json["total"]!.GetValue<int>() > all.Entries.Count);
    }

    [Fact]
    public async Task A_history_goes_on_only_where_there_is_more_to_show()
    {
        var all = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/_history?_count=1000", null);

        var exact = await leaks.SendAsync(Stranger, "GET", $"/fhir/Observation/_history?_count={all.Entries.Count}", null);
        var fewer = await leaks.SendAsync(Stranger, "GET", $"/fhir/Observation/_history?_count={all.Entries.Count - 1}", null);
        var last = await leaks.SendAsync(Stranger, "GET", fewer.Link("next")!, null);

        Assert.Equal((all.Entries.Count, null), (exact.Entries.Count, exact.Link("next")));
        Assert.Equal((1, null), (last.Entries.Count, last.Link("next")));
    }

    [Fact]
    public async Task An_old_version_of_when_it_was_anothers_is_not_shown_to_whom_it_is_now()
    {
        await PutAsync("moved", "hid-pat", LeakHost.Secret);
        await PutAsync("moved", "own-pat", "now mine");

        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/moved", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/moved/_history/2", null)).Status);
        var old = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/moved/_history/1", null);
        var never = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/moved/_history/7", null);
        Assert.Equal(HttpStatusCode.NotFound, old.Status);
        Assert.Equal(never.Body.Replace("/7", "/1", StringComparison.Ordinal), old.Body);
        var history = await leaks.SendAsync(Stranger, "GET", "/fhir/Observation/moved/_history", null);
        Assert.Equal(1, history.Json["total"]!.GetValue<int>());
        Assert.DoesNotContain(LeakHost.Secret, history.Body, StringComparison.Ordinal);

        // And the other way round: what was theirs they may still look up, what it has become they may not.
        Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(LeakHost.Owner, "GET", "/fhir/Observation/moved", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(LeakHost.Owner, "GET", "/fhir/Observation/moved/_history/2", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync(LeakHost.Owner, "GET", "/fhir/Observation/moved/_history/1", null)).Status);
    }

    [Theory]
    [InlineData("Organization", """{"resourceType":"Organization","id":"home","name":"Mine"}""")]
    [InlineData("Practitioner", """{"resourceType":"Practitioner","id":"doc","active":false}""")]
    [InlineData("PractitionerRole", """{"resourceType":"PractitionerRole","id":"doc","active":false}""")]
    [InlineData("Questionnaire", """{"resourceType":"Questionnaire","id":"q","status":"active"}""")]
    public async Task A_patient_changes_nothing_that_is_everybodys(string type, string json)
    {
        var id = JsonNode.Parse(json)!["id"]!.GetValue<string>();
        foreach (var caller in (string[])[Stranger, "another patient's app with user scopes"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(caller, "PUT", $"/fhir/{type}/{id}", json)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(caller, "POST", $"/fhir/{type}", json)).Status);
            Assert.Contains(
                (await leaks.SendAsync(caller, "PATCH", $"/fhir/{type}/{id}", Patch.Replace("TYPE", type, StringComparison.Ordinal))).Status,
                (HttpStatusCode[])[HttpStatusCode.Forbidden, HttpStatusCode.NotFound]);
            Assert.Contains((await leaks.SendAsync(caller, "DELETE", $"/fhir/{type}/{id}", null)).Status, (HttpStatusCode[])[HttpStatusCode.Forbidden, HttpStatusCode.NoContent]);
        }

        var stored = await leaks.StoredAsync($"/fhir/{type}/{id}");
        Assert.Equal(type == "Questionnaire" ? (HttpStatusCode.NotFound, null) : (HttpStatusCode.OK, "W/\"1\""), (stored.Status, stored.ETag));
    }

    [Fact]
    public async Task A_clinician_takes_no_role_in_another_organization()
    {
        const string role = """
            {"resourceType":"PractitionerRole","id":"far-home","practitioner":{"reference":"Practitioner/far"},"organization":{"reference":"Organization/home"} }
            """;

        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Elsewhere, "PUT", "/fhir/PractitionerRole/far-home", role)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Elsewhere, "POST", "/fhir/PractitionerRole", role)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Elsewhere, "PUT", "/fhir/PractitionerRole/far", role.Replace("far-home", "far", StringComparison.Ordinal))).Status);

        Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(Elsewhere, "GET", "/fhir/Patient/hid-pat", null)).Status);
    }

    [Fact]
    public async Task A_page_link_of_a_search_opens_no_disclosures()
    {
        await PutAsync("seen-1", "own-pat", "mine");
        await PutAsync("seen-2", "own-pat", "mine");
        Answer search;
        for (var tries = 0; ; tries++)
        {
            search = await leaks.SendAsync(Stranger, "GET", "/fhir/AuditEvent?patient=Patient/own-pat&outcome=0&entity-name:missing=true&_count=1", null);
            if (search.Link("next") is not null)
            {
                break;
            }

            Assert.True(tries < 100, search.Body);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        var page = search.Link("next")![search.Link("next")!.IndexOf("_page=", StringComparison.Ordinal)..];
        var answer = await leaks.SendAsync(Stranger, "GET", $"/fhir/Patient/own-pat/$disclosures?{page}", null);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    /// <summary>For whoever reads the output: how long the two refusals take, which no test can hold on a busy machine.</summary>
    [Fact]
    public async Task What_exists_takes_no_telling_longer()
    {
        const int rounds = 300;
        var times = new Dictionary<string, List<double>> { ["hid-obs"] = [], ["nil-obs"] = [] };
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (id, taken) in times)
            {
                var start = Stopwatch.GetTimestamp();
                Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(Stranger, "GET", $"/fhir/Observation/{id}", null)).Status);
                taken.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        foreach (var (id, taken) in times)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{id}: median {taken.Order().ElementAt(rounds / 2):F0} us of {rounds}");
        }
    }

    private async Task PutAsync(string id, string patient, string text)
    {
        var answer = await leaks.SendAsync("the server's own", "PUT", $"/fhir/Observation/{id}", $$"""
            {"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"{{text}}"},"subject":{"reference":"Patient/{{patient}}"} }
            """);
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }
}
