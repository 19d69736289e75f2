using System.Net;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ReferenceIntegrityTests
{
    private const string Amy = """{"resourceType":"Patient","id":"amy"}""";

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_reference_must_lead_to_what_is_there(DatabaseProvider provider)
    {
        await using var plain = await TestStore.CreateAsync(provider);
        await using var store = plain.Enforcing();

        var refused = await Assert.ThrowsAsync<FhirException>(() => store.PutAsync(Observation("o", "Patient/amy")));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "Observation.subject.reference"), (refused.Status, refused.Outcome.Issue[0].Expression.Single()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(store, new CreateChange(new ResourceKey("Observation", "c"), TestStore.Content(Observation("c", "Patient/amy")))));
        Assert.Null(await store.ReadAsync("Observation/o"));

        await store.PutAsync(Amy);
        await store.PutAsync(Observation("o", "Patient/amy"));
        await store.PutAsync(Observation("v", $"{TestStore.Base}/Patient/amy"));
        await store.PutAsync(Observation("elsewhere", "https://other.example.org/Patient/ben"));
        await store.PutAsync("""{"resourceType":"Observation","id":"inside","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"in"}],"subject":{"reference":"#in"}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(store, Put(Observation("w", $"{TestStore.Base}/Patient/ben"))));

        // What comes in the same commit is there, what goes in it is not.
        await store.CommitAsync(Put(Observation("t", "Patient/ben")), Put("""{"resourceType":"Patient","id":"ben"}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(
            store, Put(Observation("u", "Patient/eve")), new DeleteChange(new ResourceKey("Patient", "eve"))));

        // The past may tell of what is gone.
        await store.PutAsync("""{"resourceType":"Provenance","id":"p","recorded":"2026-01-01T00:00:00Z","target":[{"reference":"Patient/gone"}],"agent":[{"who":{"display":"x"}}]}""");
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_referred_to_stays(DatabaseProvider provider)
    {
        await using var plain = await TestStore.CreateAsync(provider);
        await using var store = plain.Enforcing();
        await store.PutAsync(Amy);
        await store.PutAsync(Observation("o", "Patient/amy"));
        var amy = new DeleteChange(new ResourceKey("Patient", "amy"));
        var observation = new DeleteChange(new ResourceKey("Observation", "o"));

        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(store, amy));
        Assert.False((await store.ReadAsync("Patient/amy"))!.IsDeleted);
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(store, amy, Put(Observation("o", "Patient/amy").Replace("final", "amended", StringComparison.Ordinal))));
        await store.CommitAsync(observation, amy);
        Assert.True((await store.ReadAsync("Patient/amy"))!.IsDeleted);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(store, Put(Observation("o", "Patient/amy"))));
        await plain.PutAsync(Observation("free", "Patient/amy"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_a_reference_and_a_deletion_at_the_same_time_one_is_refused(DatabaseProvider provider)
    {
        await using var plain = await TestStore.CreateAsync(provider);
        await using var store = plain.Enforcing();
        for (var round = 0; round < 40; round++)
        {
            var id = $"r{round}";
            await store.PutAsync($$"""{"resourceType":"Patient","id":"{{id}}"}""");
            var results = await Task.WhenAll(
                Task.Run(() => StatusAsync(store, Put(Observation(id, $"Patient/{id}"))), TestContext.Current.CancellationToken),
                Task.Run(() => StatusAsync(store, new DeleteChange(new ResourceKey("Patient", id))), TestContext.Current.CancellationToken));

            Assert.Contains((results[0], results[1]), ((HttpStatusCode, HttpStatusCode)[])[(HttpStatusCode.OK, HttpStatusCode.Conflict), (HttpStatusCode.UnprocessableEntity, HttpStatusCode.OK)]);
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task To_a_caller_what_is_withheld_is_not_there(DatabaseProvider provider)
    {
        await using var plain = await TestStore.CreateAsync(provider);
        await using var store = plain.Enforcing();
        await store.PutAsync(Amy);
        await store.PutAsync("""{"resourceType":"Patient","id":"ben"}""");
        var caller = Caller.User("u", "app") with { Patient = "amy", FhirUser = new ResourceKey("Patient", "amy"), Scopes = SmartScope.ParseAll("patient/*.cruds") };

        var refusals = new List<string>();
        foreach (var focus in (string[])["Patient/ben", "Patient/never"])
        {
            var json = Observation("o", "Patient/amy").Replace("\"subject\"", $"\"focus\":[{{\"reference\":\"{focus}\"}}],\"subject\"", StringComparison.Ordinal);
            var refused = await Assert.ThrowsAsync<FhirException>(() => store.Store.CommitAsync(caller, new ChangeSet([Put(json)], []), TestContext.Current.CancellationToken));
            refusals.Add(refused.Message.Replace(focus, "it", StringComparison.Ordinal));
        }

        Assert.Equal(refusals[0], refusals[1]);
    }

    private static PutChange Put(string json)
    {
        var content = TestStore.Content(json);
        return new(TestStore.KeyOf($"{content.Resource.TypeName}/{content.Resource.Id}"), content);
    }

    private static async Task<HttpStatusCode> StatusAsync(TestStore store, params Change[] changes)
    {
        try
        {
            await store.CommitAsync(changes);
            return HttpStatusCode.OK;
        }
        catch (FhirException refused)
        {
            return refused.Status;
        }
    }

    private static string Observation(string id, string subject) => $$"""
        {"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"subject":{"reference":"{{subject}}"} }
        """;
}
