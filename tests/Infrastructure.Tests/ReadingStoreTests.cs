using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Readings stand each for itself in the store, and nothing is written twice under one name.</summary>
public sealed class ReadingStoreTests
{
    private const int Writers = 20;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Small_writes_of_the_same_names_share_transactions_and_write_each_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        await HomeAsync(store);

        var commits = await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(() => TakeAsync(i % 2 == 0 ? store : second, Enumerable.Range(i % 4, 3)))));

        Assert.Equal(6, commits.Sum(commit => commit.Results.Count(result => result.Outcome == ChangeOutcome.Created)));
        Assert.Equal(6, (await store.SearchAsync("Observation?_count=0")).Total);
        Assert.Equal(6, commits.SelectMany(commit => commit.Results).Select(result => result.Resource!.Key.Id).Distinct().Count());
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Where_references_are_held_those_of_readings_are_too(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var enforcing = store.Enforcing();
        await HomeAsync(store);

        var commit = await TakeAsync(enforcing, [1, 2, 1], ""","performer":[{"reference":"Practitioner/nobody"}]""", 2);

        Assert.Equal([ChangeOutcome.Created, ChangeOutcome.Refused, ChangeOutcome.Repeated], commit.Results.Select(result => result.Outcome));
        Assert.Equal(1, (await store.SearchAsync("Observation?_count=0")).Total);
    }

    private static async Task HomeAsync(TestStore store)
    {
        await store.PutAsync("""{"resourceType":"Patient","id":"p"}""");
        await store.PutAsync("""{"resourceType":"Device","id":"d","patient":{"reference":"Patient/p"}}""");
        await store.PutAsync($$"""
            {"resourceType":"Consent","id":"c","status":"active","scope":{"text":"x"},"category":[{"coding":[{"system":"{{Canonicals.Default}}/CodeSystem/consent-category","code":"rpm"}]}],"patient":{"reference":"{{TestStore.Base}}/Patient/p"} }
            """);
    }

    private static Task<CommitResult> TakeAsync(TestStore store, IEnumerable<int> numbers, string more = "", int moreOf = -1)
    {
        var creates = numbers.Select(number => new CreateChange(new ResourceKey("Observation", Guid.NewGuid().ToString()), Reading(number, number == moreOf ? more : ""))
        {
            ReadingName = string.Create(CultureInfo.InvariantCulture, $"Patient/p|urn:x|{number}"),
        });
        return store.Store.CommitAsync(TestStore.Caller, new ChangeSet([.. creates], []) { IsEach = true }, TestContext.Current.CancellationToken);
    }

    private static ResourceContent Reading(int number, string more) => TestStore.Content(string.Create(CultureInfo.InvariantCulture, $$"""
        {"resourceType":"Observation","status":"final","code":{"text":"pulse"},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-01-01T00:00:00Z",
         "device":{"reference":"Device/d"},"valueInteger":{{number}}{{more}} }
        """));
}
