using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Async;

public sealed class AsyncRequestTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    private const string Prefer = "Prefer: respond-async";

    [Fact]
    public async Task A_batch_is_accepted_and_its_answer_fetched_later()
    {
        var batch = """
            {"resourceType":"Bundle","type":"batch","entry":[
             {"resource":{"resourceType":"Patient","id":"async-1"},"request":{"method":"PUT","url":"Patient/async-1"}},
             {"request":{"method":"GET","url":"Patient/nobody"}}]}
            """;

        var accepted = await host.PostAsync("/fhir", batch, Prefer);
        var done = await DoneAsync(accepted);

        Assert.Equal("respond-async", accepted.Headers.GetValues("Preference-Applied").Single());
        Assert.Equal("OperationOutcome", accepted.Json["resourceType"]!.GetValue<string>());
        var answer = Assert.Single(done.Entries)!;
        Assert.Equal(("batch-response", "200 OK"), (done.Json["type"]!.GetValue<string>(), Status(answer)));
        Assert.Equal(["201 Created", "404 Not Found"], answer["resource"]!["entry"]!.AsArray().Select(entry => Status(entry!)));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/fhir/Patient/async-1")).Status);
        Assert.True(done.ContentHeaders.Expires > TimeProvider.System.GetUtcNow().AddHours(23));

        var address = accepted.ContentHeaders.ContentLocation!.PathAndQuery;
        Assert.Equal(HttpStatusCode.Accepted, (await host.DeleteAsync(address)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync(address)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.DeleteAsync(address)).Status);
    }

    [Fact]
    public async Task Searches_by_address_and_by_form_and_operations_answer_what_they_answer_at_once()
    {
        await host.PutAsync("/fhir/Patient/async-s", """{"resourceType":"Patient","id":"async-s","name":[{"family":"Asynchronous"}]}""");

        var atOnce = await host.GetAsync("/fhir/Patient?family=asynchronous");
        var byAddress = Assert.Single((await DoneAsync(await host.GetAsync("/fhir/Patient?family=asynchronous", Prefer))).Entries)!;
        var byForm = Assert.Single((await DoneAsync(await host.SendAsync(
            "POST", "/fhir/Patient/_search", "family=asynchronous&_format=xml", "Content-Type: application/x-www-form-urlencoded", Prefer))).Entries)!;
        var everything = Assert.Single((await DoneAsync(await host.GetAsync("/fhir/Patient/async-s/$everything", Prefer))).Entries)!;

        Assert.True(JsonNode.DeepEquals(atOnce.Json, byAddress["resource"]), byAddress.ToJsonString());
        Assert.True(JsonNode.DeepEquals(atOnce.Json["entry"], byForm["resource"]!["entry"]), byForm.ToJsonString());
        Assert.Equal("async-s", everything["resource"]!["entry"]![0]!["resource"]!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_is_refused_is_refused_in_the_answer()
    {
        var unknown = Assert.Single((await DoneAsync(await host.GetAsync("/fhir/Patient?unheard-of=1", "Prefer: handling=strict, respond-async"))).Entries)!;
        var broken = Assert.Single((await DoneAsync(await host.PostAsync("/fhir", """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET"}}]}""", Prefer))).Entries)!;

        Assert.Equal("400 Bad Request", Status(unknown));
        Assert.Equal("OperationOutcome", unknown["response"]!["outcome"]!["resourceType"]!.GetValue<string>());
        Assert.Null(unknown["resource"]);
        Assert.Equal("400 Bad Request", Status(broken));
    }

    [Fact]
    public async Task Where_it_is_not_offered_the_answer_comes_at_once()
    {
        Assert.Equal(HttpStatusCode.Created, (await host.PutAsync("/fhir/Patient/async-now", """{"resourceType":"Patient","id":"async-now"}""", Prefer)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/fhir/Patient/async-now", Prefer)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Patient", "Prefer: respond-async, handling=sometimes")).Status);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await host.SendAsync("POST", "/fhir", "x", "Content-Type: text/plain", Prefer)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/_async/never-was")).Status);
    }

    [Fact]
    public async Task What_waits_outlives_its_server_and_is_limited_for_each_caller()
    {
        await using var before = await TelehealthHost.StartAsync(builder => builder.UseSetting("Async:Workers", "0").UseSetting("Async:MostPerCaller", "1"));
        var accepted = await before.PostAsync(
            "/fhir",
            """<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource><Patient><id value="late"/></Patient></resource><request><method value="PUT"/><url value="Patient/late"/></request></entry></Bundle>""",
            "Content-Type: application/fhir+xml", Prefer);
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        var address = accepted.ContentHeaders.ContentLocation!.PathAndQuery;
        var waiting = await before.GetAsync(address);
        Assert.Equal((HttpStatusCode.Accepted, "waiting"), (waiting.Status, waiting.Headers.GetValues("X-Progress").Single()));
        var refused = await before.GetAsync("/fhir/Patient", Prefer);
        Assert.Equal((HttpStatusCode.TooManyRequests, "throttled"), (refused.Status, refused.IssueCode));
        Assert.NotNull(refused.Headers.RetryAfter);

        await using var after = await TelehealthHost.StartAsync(builder => builder.UseSetting("ConnectionStrings:TeleFhir", before.Database));
        var done = await DoneAsync(accepted, after);

        Assert.Equal("200 OK", Status(Assert.Single(done.Entries)!));
        Assert.Equal(HttpStatusCode.OK, (await after.GetAsync("/fhir/Patient/late")).Status);
    }

    [Fact]
    public async Task What_was_cancelled_before_it_ran_is_not_run()
    {
        await using var before = await TelehealthHost.StartAsync(builder => builder.UseSetting("Async:Workers", "0"));
        var accepted = await before.PostAsync(
            "/fhir", """{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","id":"never"},"request":{"method":"PUT","url":"Patient/never"}}]}""", Prefer);
        Assert.Equal(HttpStatusCode.Accepted, (await before.DeleteAsync(accepted.ContentHeaders.ContentLocation!.PathAndQuery)).Status);

        await using var after = await TelehealthHost.StartAsync(builder => builder.UseSetting("ConnectionStrings:TeleFhir", before.Database));
        await DoneAsync(await after.GetAsync("/fhir/Patient", Prefer), after);

        Assert.Equal(HttpStatusCode.NotFound, (await after.GetAsync("/fhir/Patient/never")).Status);
    }

    private static string Status(JsonNode entry) => entry["response"]!["status"]!.GetValue<string>();

    private async Task<Answer> DoneAsync(Answer accepted, TelehealthHost? on = null)
    {
        Assert.True(accepted.Status == HttpStatusCode.Accepted, accepted.Body);
        for (var tries = 0; ; tries++)
        {
            var status = await (on ?? host).GetAsync(accepted.ContentHeaders.ContentLocation!.PathAndQuery);
            if (status.Status != HttpStatusCode.Accepted)
            {
                Assert.True(status.Status == HttpStatusCode.OK, status.Body);
                return status;
            }

            Assert.True(tries < 600, "No answer came.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
