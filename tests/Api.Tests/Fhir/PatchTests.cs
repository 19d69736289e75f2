using System.Net;
using System.Text;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class PatchTests(TelehealthHost host)
{
    private const string AddGender = """[{"op":"add","path":"/gender","value":"female"}]""";

    [Fact]
    public async Task A_json_patch_makes_a_version_and_keeps_all_else_digit_for_digit()
    {
        var stored = await host.PostAsync("/fhir/Observation", """{"resourceType":"Observation","status":"preliminary","code":{"text":"x"},"effectiveDateTime":"2026-01-01T00:00:00.000+05:30","valueQuantity":{"value":1.500}}""");
        var patched = await host.PatchAsync($"/fhir/Observation/{stored.Id}", """[{"op":"test","path":"/status","value":"preliminary"},{"op":"replace","path":"/status","value":"final"},{"op":"add","path":"/note","value":[{"text":"n"}]}]""");

        Assert.Equal(HttpStatusCode.OK, patched.Status);
        Assert.Equal("W/\"2\"", patched.ETag);
        Assert.EndsWith($"/fhir/Observation/{stored.Id}/_history/2", patched.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"status\":\"final\"", patched.Body, StringComparison.Ordinal);
        Assert.Contains("\"value\":1.500", patched.Body, StringComparison.Ordinal);
        Assert.Contains("2026-01-01T00:00:00.000+05:30", patched.Body, StringComparison.Ordinal);
        Assert.Equal(patched.Body, (await host.GetAsync($"/fhir/Observation/{stored.Id}")).Body);
        Assert.Equal(stored.Id, Assert.Single((await host.GetAsync($"/fhir/Observation?_id={stored.Id}&status=final")).EntryIds));
    }

    [Fact]
    public async Task A_fhirpath_patch_does_the_same()
    {
        var stored = await CreateAsync("fp");
        var patched = await host.SendAsync("PATCH", $"/fhir/Patient/{stored.Id}", Parameters("add", "Patient", "gender", "\"valueCode\":\"female\""));
        Assert.Equal((HttpStatusCode.OK, "W/\"2\""), (patched.Status, patched.ETag));
        Assert.Equal("female", patched.Json["gender"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_patch_that_changes_nothing_makes_no_version()
    {
        var stored = await CreateAsync("same");
        var patched = await host.PatchAsync($"/fhir/Patient/{stored.Id}", """[{"op":"replace","path":"/active","value":true},{"op":"test","path":"/meta/versionId","value":"1"}]""");
        Assert.Equal((HttpStatusCode.OK, "W/\"1\""), (patched.Status, patched.ETag));
        Assert.Single((await host.GetAsync($"/fhir/Patient/{stored.Id}/_history")).Entries);
    }

    [Fact]
    public async Task If_Match_and_Prefer_hold_for_patches_as_for_updates()
    {
        var stored = await CreateAsync("match");
        var address = $"/fhir/Patient/{stored.Id}";
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.PatchAsync(address, AddGender, "If-Match: W/\"7\"")).Status);
        var minimal = await host.PatchAsync(address, AddGender, "If-Match: W/\"7\", W/\"1\"", "Prefer: return=minimal");
        Assert.Equal((HttpStatusCode.OK, "", "W/\"2\""), (minimal.Status, minimal.Body, minimal.ETag));
        var told = await host.PatchAsync(address, """[{"op":"remove","path":"/gender"}]""", "Prefer: return=OperationOutcome");
        Assert.Equal("informational", told.IssueCode);
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/active","value":false}]""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""[{"op":"remove","path":"/nothing"}]""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""[{"op":"replace","path":"/id","value":"x"}]""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""[{"op":"replace","path":"/meta/versionId","value":"9"}]""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""[{"op":"erase","path":"/active"}]""", HttpStatusCode.BadRequest)]
    [InlineData("""[{"op":"remove","path":"active"}]""", HttpStatusCode.BadRequest)]
    [InlineData("""{"op":"remove"}""", HttpStatusCode.BadRequest)]
    [InlineData("[", HttpStatusCode.BadRequest)]
    [InlineData("""[{"op":"add","path":"/gender","value":"green"}]""", HttpStatusCode.BadRequest)]
    [InlineData("""[{"op":"add","path":"/unknown","value":1}]""", HttpStatusCode.BadRequest)]
    [InlineData("""[{"op":"replace","path":"/active","value":"yes"}]""", HttpStatusCode.BadRequest)]
    [InlineData("""[{"op":"add","path":"/managingOrganization","value":{"reference":"Organization?identifier=urn:t|none"}}]""", HttpStatusCode.PreconditionFailed)]
    [InlineData("""[{"op":"add","path":"/managingOrganization","value":{}},{"op":"add","path":"/managingOrganization/reference","value":"Organization?name=x"}]""", HttpStatusCode.UnprocessableEntity)]
    public async Task A_patch_that_cannot_be_made_changes_nothing(string patch, HttpStatusCode status)
    {
        var stored = await CreateAsync("wrong");
        var refused = await host.PatchAsync($"/fhir/Patient/{stored.Id}", patch);
        Assert.Equal(status, refused.Status);
        Assert.NotNull(refused.IssueCode);
        Assert.Equal("W/\"1\"", (await host.GetAsync($"/fhir/Patient/{stored.Id}")).ETag);
    }

    [Fact]
    public async Task What_is_patched_keeps_the_rules_of_its_type()
    {
        var stored = await host.PostAsync("/fhir/Observation", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"v"}""");
        var refused = await host.PatchAsync($"/fhir/Observation/{stored.Id}", """[{"op":"add","path":"/dataAbsentReason","value":{"text":"r"}}]""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.StartsWith("obs-6", refused.Json["issue"]![0]!["details"]!["text"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_what_is_deleted_410()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await host.PatchAsync("/fhir/Patient/nobody", AddGender)).Status);
        var stored = await CreateAsync("gone");
        await host.DeleteAsync($"/fhir/Patient/{stored.Id}");
        Assert.Equal(HttpStatusCode.Gone, (await host.PatchAsync($"/fhir/Patient/{stored.Id}", AddGender)).Status);
    }

    [Fact]
    public async Task A_conditional_patch_changes_the_one_that_matches()
    {
        var stored = await CreateAsync("cond");
        var patched = await host.PatchAsync("/fhir/Patient?identifier=urn:patch|cond", AddGender);
        Assert.Equal((HttpStatusCode.OK, stored.Id), (patched.Status, patched.Id));
        Assert.Equal(HttpStatusCode.NotFound, (await host.PatchAsync("/fhir/Patient?identifier=urn:patch|none", AddGender)).Status);
        await CreateAsync("cond");
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.PatchAsync("/fhir/Patient?identifier=urn:patch|cond", AddGender)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PatchAsync("/fhir/Patient", AddGender)).Status);
    }

    [Fact]
    public async Task Media_types_that_are_no_patch_are_415()
    {
        var stored = await CreateAsync("media");
        foreach (var type in (string[])["application/xml-patch+xml", "text/plain", "application/json-patch+json; charset=utf-16"])
        {
            var refused = await host.SendAsync("PATCH", $"/fhir/Patient/{stored.Id}", AddGender, $"Content-Type: {type}");
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.Status);
        }
    }

    [Fact]
    public async Task An_AuditEvent_cannot_be_patched()
    {
        var refused = await host.PatchAsync("/fhir/AuditEvent/x", """[{"op":"add","path":"/outcome","value":"0"}]""");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.Status);
    }

    [Fact]
    public async Task Patches_at_the_same_time_lose_nothing()
    {
        var stored = await CreateAsync("race");
        var patches = Enumerable.Range(0, 20).Select(i =>
            host.PatchAsync($"/fhir/Patient/{stored.Id}", $$"""[{"op":"add","path":"/identifier/-","value":{"value":"v{{i}}"} }]"""));
        Assert.All(await Task.WhenAll(patches), patched => Assert.Equal(HttpStatusCode.OK, patched.Status));
        var read = await host.GetAsync($"/fhir/Patient/{stored.Id}");
        Assert.Equal((21, "W/\"21\""), (read.Json["identifier"]!.AsArray().Count, read.ETag));
    }

    [Fact]
    public async Task A_transaction_patches_with_both_kinds_and_resolves_their_references()
    {
        var (a, b) = (await CreateAsync("ta"), await CreateAsync("tb"));
        var answer = await host.PostAsync("/fhir", Bundle("transaction",
            """{"fullUrl":"urn:uuid:0f0c1a3a-0000-4000-8000-000000000001","resource":{"resourceType":"Organization","name":"O"},"request":{"method":"POST","url":"Organization"}}""",
            Entry($"Patient/{a.Id}", Binary("""[{"op":"add","path":"/managingOrganization","value":{"reference":"urn:uuid:0f0c1a3a-0000-4000-8000-000000000001"}}]""")),
            Entry("Patient?identifier=urn:patch|tb", Parameters("add", "Patient", "managingOrganization", "\"valueReference\":{\"reference\":\"urn:uuid:0f0c1a3a-0000-4000-8000-000000000001\"}"))));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var organization = answer.Entries[0]!["response"]!["location"]!.GetValue<string>().Split("/fhir/")[1].Split("/_history")[0];
        foreach (var id in (string[])[a.Id, b.Id])
        {
            Assert.Equal(organization, (await host.GetAsync($"/fhir/Patient/{id}")).Json["managingOrganization"]!["reference"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_patch_that_fails_undoes_its_transaction_and_is_named()
    {
        var stored = await CreateAsync("undo");
        var entries = new[]
        {
            """{"resource":{"resourceType":"Patient","identifier":[{"system":"urn:patch","value":"never"}]},"request":{"method":"POST","url":"Patient"}}""",
            Entry($"Patient/{stored.Id}", Binary("""[{"op":"test","path":"/active","value":false}]""")),
        };
        var refused = await host.PostAsync("/fhir", Bundle("transaction", entries));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.StartsWith("Bundle.entry[1]", refused.Json["issue"]![0]!["expression"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty((await host.GetAsync("/fhir/Patient?identifier=urn:patch|never")).Entries);

        var batch = await host.PostAsync("/fhir", Bundle("batch", [.. entries, Entry($"Patient/{stored.Id}", """{"resourceType":"Patient"}"""), Entry($"Patient/{stored.Id}", Binary(AddGender))]));
        Assert.Equal(
            ["201", "422", "400", "200"], batch.Entries.Select(entry => entry!["response"]!["status"]!.GetValue<string>()[..3]));
    }

    [Fact]
    public async Task The_capability_statement_says_so()
    {
        var statement = (await host.GetAsync("/fhir/metadata")).Json;
        Assert.Equal(["application/json-patch+json", "application/fhir+json", "application/fhir+xml"], statement["patchFormat"]!.AsArray().Select(format => format!.GetValue<string>()));
        var interactions = statement["rest"]![0]!["resource"]!.AsArray().ToDictionary(
            resource => resource!["type"]!.GetValue<string>(),
            resource => resource!["interaction"]!.AsArray().Select(interaction => interaction!["code"]!.GetValue<string>()).ToList());
        Assert.Contains("patch", interactions["Patient"]);
        Assert.DoesNotContain("patch", interactions["AuditEvent"]);
    }

    private Task<Answer> CreateAsync(string identifier) => host.PostAsync(
        "/fhir/Patient", $$"""{"resourceType":"Patient","identifier":[{"system":"urn:patch","value":"{{identifier}}"}],"active":true}""");

    private static string Parameters(string type, string path, string name, string value) =>
        $$"""{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"{{type}}"},{"name":"path","valueString":"{{path}}"},{"name":"name","valueString":"{{name}}"},{"name":"value",{{value}}}]}]}""";

    private static string Binary(string patch) =>
        $$"""{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(patch))}}"}""";

    private static string Entry(string url, string resource) => $$"""{"resource":{{resource}},"request":{"method":"PATCH","url":"{{url}}"} }""";

    private static string Bundle(string type, params string[] entries) =>
        $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";
}

public sealed class PatchTestsOnSqlite(TelehealthHost host) : PatchTests(host), IClassFixture<TelehealthHost>;

public sealed class PatchTestsOnPostgreSql(PostgreSqlHost host) : PatchTests(host), IClassFixture<PostgreSqlHost>;
