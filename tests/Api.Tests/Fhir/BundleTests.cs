using System.Net;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class BundleTests(TelehealthHost host)
{
    [Fact]
    public async Task A_transaction_writes_all_and_resolves_references_in_any_order()
    {
        var answer = await host.PostAsync("/fhir", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","request":{"method":"POST","url":"Observation"},
               "resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"}}},
              {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","request":{"method":"POST","url":"Patient"},
               "resource":{"resourceType":"Patient","active":true}},
              {"request":{"method":"PUT","url":"Patient/bt1"},"resource":{"resourceType":"Patient","id":"bt1"}},
              {"request":{"method":"GET","url":"Patient/bt1"}}]}
            """);

        Assert.Equal((HttpStatusCode.OK, "transaction-response"), (answer.Status, answer.Json["type"]!.GetValue<string>()));
        Assert.Equal(["201 Created", "201 Created", "201 Created", "200 OK"], Statuses(answer));
        Assert.Equal("bt1", answer.Entries[3]!["resource"]!["id"]!.GetValue<string>());
        Assert.Null(answer.Entries[0]!["resource"]);
        var observation = await host.GetAsync(LocationOf(answer, 0));
        var patient = await host.GetAsync(LocationOf(answer, 1));
        Assert.Equal($"Patient/{patient.Id}", observation.Json["subject"]!["reference"]!.GetValue<string>());
        Assert.Equal(observation.ETag, answer.Entries[0]!["response"]!["etag"]!.GetValue<string>());
        Assert.NotNull(answer.Entries[0]!["response"]!["lastModified"]);
    }

    [Theory]
    [InlineData("return=minimal", null, null)]
    [InlineData("return=representation", "Patient", null)]
    [InlineData("return=OperationOutcome", null, "OperationOutcome")]
    public async Task Entries_answer_as_much_as_the_Bundles_header_prefers(string prefer, string? resource, string? outcome)
    {
        foreach (var type in (string[])["transaction", "batch"])
        {
            var answer = await host.PostAsync("/fhir", Bundle(type, Put($"pref-{type}", "true")), $"Prefer: {prefer}");

            Assert.Equal(resource, answer.Entries[0]!["resource"]?["resourceType"]?.GetValue<string>());
            Assert.Equal(outcome, answer.Entries[0]!["response"]!["outcome"]?["resourceType"]?.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_transaction_with_one_bad_entry_writes_nothing_and_names_it()
    {
        var invalid = await host.PostAsync("/fhir", Bundle("transaction", Put("none1", "true"), Put("none2", "\"perhaps\"")));
        var stale = await host.PostAsync("/fhir", Bundle("transaction", Put("none1", "true"),
            """{"request":{"method":"PUT","url":"Patient/none3","ifMatch":"W/\"5\""},"resource":{"resourceType":"Patient","id":"none3"}}"""));
        var twice = await host.PostAsync("/fhir", Bundle("transaction", Put("none1", "true"), Put("none1", "false")));
        var wrongSearch = await host.PostAsync("/fhir", Bundle("transaction", Put("none1", "true"), Request("GET", "Patient?birthdate=never")));

        Assert.Equal(HttpStatusCode.BadRequest, invalid.Status);
        Assert.StartsWith("Bundle.entry[1].resource", invalid.Json["issue"]![0]!["expression"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.StartsWith("Bundle.entry[1]", stale.Json["issue"]![0]!["expression"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, twice.Status);
        Assert.Equal(HttpStatusCode.BadRequest, wrongSearch.Status);
        Assert.Equal("Bundle.entry[1].request.url", wrongSearch.Json["issue"]![0]!["expression"]![0]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Patient/none1")).Status);
    }

    [Fact]
    public async Task In_a_batch_each_entry_stands_for_itself()
    {
        await host.PutAsync("/fhir/Patient/bb", """{"resourceType":"Patient","id":"bb"}""");

        var answer = await host.PostAsync("/fhir", Bundle(
            "batch",
            Put("ba", "true"),
            Put("bad", "\"perhaps\""),
            Request("GET", "Patient/bb"),
            Request("GET", "Patient/never"),
            Request("GET", "Patient?_id=bb"),
            Request("GET", "Nonsense/1"),
            Request("DELETE", "Patient/bb"),
            Request("GET", "Patient/bb"),
            Request("PATCH", "Patient/bb"),
            Request("GET", "metadata"),
            "{\"resource\":{\"resourceType\":\"Patient\"}}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("batch-response", answer.Json["type"]!.GetValue<string>());
        Assert.Equal(
            ["201", "400", "200", "404", "200", "404", "204", "410", "400", "200", "400"],
            Statuses(answer).Select(status => status[..3]));
        Assert.Equal("bb", answer.Entries[4]!["resource"]!["entry"]![0]!["resource"]!["id"]!.GetValue<string>());
        Assert.Equal("not-found", answer.Entries[3]!["response"]!["outcome"]!["issue"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("W/\"2\"", answer.Entries[7]!["response"]!["etag"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_conditional_create_in_a_transaction_redirects_references_to_what_it_finds()
    {
        await host.PutAsync("/fhir/Patient/found", """{"resourceType":"Patient","id":"found","identifier":[{"system":"urn:b","value":"found"}]}""");

        var answer = await host.PostAsync("/fhir", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:33333333-3333-4333-8333-333333333333","request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:b|found"},
               "resource":{"resourceType":"Patient","active":true}},
              {"request":{"method":"POST","url":"Observation"},
               "resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:33333333-3333-4333-8333-333333333333"}}}]}
            """);

        Assert.Equal(["200 OK", "201 Created"], Statuses(answer));
        Assert.Equal("Patient/found", (await host.GetAsync(LocationOf(answer, 1))).Json["subject"]!["reference"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"resourceType":"Bundle","type":"collection"}""")]
    [InlineData("""{"resourceType":"Patient","active":true}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":{}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"}}]}""")]
    [InlineData("{")]
    public async Task What_is_no_transaction_or_batch_is_400(string json)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync("/fhir", json)).Status);
    }

    [Fact]
    public async Task An_empty_transaction_is_answered_with_an_empty_response()
    {
        var answer = await host.PostAsync("/fhir", """{"resourceType":"Bundle","type":"transaction"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Null(answer.Json["entry"]);
    }

    private static string Bundle(string type, params string[] entries) =>
        $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";

    private static string Put(string id, string active) =>
        $$"""{"request":{"method":"PUT","url":"Patient/{{id}}"},"resource":{"resourceType":"Patient","id":"{{id}}","active":{{active}} } }""";

    private static string Request(string method, string url) => $$"""{"request":{"method":"{{method}}","url":"{{url}}"} }""";

    private static IEnumerable<string> Statuses(Answer answer) => answer.Entries.Select(entry => entry!["response"]!["status"]!.GetValue<string>());

    private static string LocationOf(Answer answer, int entry) => answer.Entries[entry]!["response"]!["location"]!.GetValue<string>();
}

public sealed class BundleTestsOnSqlite(TelehealthHost host) : BundleTests(host), IClassFixture<TelehealthHost>;

public sealed class BundleTestsOnPostgreSql(PostgreSqlHost host) : BundleTests(host), IClassFixture<PostgreSqlHost>;
