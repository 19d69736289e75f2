using System.Net;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class ConditionalTests(TelehealthHost host)
{
    [Fact]
    public async Task Create_with_matching_If_None_Exist_returns_the_existing_resource()
    {
        var first = await CreateAsync("a", "identifier=urn:t|a");
        var second = await CreateAsync("a", "identifier=urn:t|a");

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal((HttpStatusCode.OK, first.Id, first.ETag), (second.Status, second.Id, second.ETag));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
    }

    [Fact]
    public async Task Of_parallel_conditional_creates_one_creates_and_the_others_find_it()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CreateAsync("race", "identifier=urn:t|race")));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(19, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Id).Distinct());
    }

    [Fact]
    public async Task Criteria_that_name_several_are_412_and_no_criteria_400()
    {
        await CreateAsync("several", null);
        await CreateAsync("several", null);

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await CreateAsync("several", "identifier=urn:t|several")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await CreateAsync("several", "?")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await CreateAsync("several", "nonsense=1")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync("several", "other")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.DeleteAsync("/fhir/Patient?identifier=urn:t|several")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.DeleteAsync("/fhir/Patient")).Status);
    }

    [Fact]
    public async Task Conditional_update_creates_then_updates_what_it_finds()
    {
        var created = await PutAsync("cu", "male");
        var updated = await PutAsync("cu", "female");

        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal((HttpStatusCode.OK, created.Id, "W/\"2\""), (updated.Status, updated.Id, updated.ETag));
    }

    [Fact]
    public async Task Conditional_update_under_an_id_creates_there_but_takes_no_other_resource_over()
    {
        var created = await host.PutAsync("/fhir/Patient?identifier=urn:t|own", Patient("own", "\"id\":\"own-id\","));
        await host.PutAsync("/fhir/Patient/taken", """{"resourceType":"Patient","id":"taken"}""");

        Assert.Equal((HttpStatusCode.Created, "own-id"), (created.Status, created.Id));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.PutAsync("/fhir/Patient?identifier=urn:t|none", Patient("none", "\"id\":\"taken\","))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PutAsync("/fhir/Patient?identifier=urn:t|own", Patient("own", "\"id\":\"else\","))).Status);
    }

    [Fact]
    public async Task Conditional_delete_deletes_one_or_as_many_as_were_asked_for()
    {
        await CreateAsync("del1", null);
        await CreateAsync("del3", null);
        await CreateAsync("del3", null);
        await CreateAsync("del3", null);

        Assert.Equal(HttpStatusCode.NoContent, (await host.DeleteAsync("/fhir/Patient?identifier=urn:t|del1")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await host.DeleteAsync("/fhir/Patient?identifier=urn:t|del1")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await host.DeleteAsync("/fhir/Patient?identifier=urn:t|del3&_count=2")).Status);

        Assert.Empty((await host.GetAsync("/fhir/Patient?identifier=urn:t|del1")).Entries);
        Assert.Single((await host.GetAsync("/fhir/Patient?identifier=urn:t|del3")).Entries);
        foreach (var count in (string[])["0", "1001", "x", "1&_count=2"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await host.DeleteAsync($"/fhir/Patient?identifier=urn:t|del3&_count={count}")).Status);
        }
    }

    [Fact]
    public async Task A_reference_by_search_becomes_the_resource_it_means()
    {
        var patient = await CreateAsync("ref", null);

        var observation = await host.PostAsync("/fhir/Observation", Observation("Patient?identifier=urn:t|ref"));
        var missing = await host.PostAsync("/fhir/Observation", Observation("Patient?identifier=urn:t|nobody"));

        Assert.Equal($"Patient/{patient.Id}", observation.Json["subject"]!["reference"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.PreconditionFailed, missing.Status);
        Assert.Equal("Observation.subject", missing.Json["issue"]![0]!["expression"]![0]!.GetValue<string>()[..19]);
    }

    private Task<Answer> CreateAsync(string identifier, string? ifNoneExist) => ifNoneExist is null
        ? host.PostAsync("/fhir/Patient", Patient(identifier))
        : host.PostAsync("/fhir/Patient", Patient(identifier), $"If-None-Exist: {ifNoneExist}");

    private Task<Answer> PutAsync(string identifier, string gender) =>
        host.PutAsync($"/fhir/Patient?identifier=urn:t|{identifier}", Patient(identifier, $"\"gender\":\"{gender}\","));

    private static string Patient(string identifier, string more = "") =>
        $$"""{"resourceType":"Patient",{{more}}"identifier":[{"system":"urn:t","value":"{{identifier}}"}]}""";

    private static string Observation(string subject) =>
        $$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"{{subject}}"} }""";
}

public sealed class ConditionalTestsOnSqlite(TelehealthHost host) : ConditionalTests(host), IClassFixture<TelehealthHost>;

public sealed class ConditionalTestsOnPostgreSql(PostgreSqlHost host) : ConditionalTests(host), IClassFixture<PostgreSqlHost>;
