using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Subscriptions;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>The filter of a subscription matches a version where a search with the same parameters finds it.</summary>
public sealed class SubscriptionMatcherTests
{
    private const int Filters = 60;
    private static readonly DateTimeOffset _now = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<DatabaseProvider, int> Seeds { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from seed in Enumerable.Range(1, 4)
        select new TheoryDataRow<DatabaseProvider, int>(provider, seed));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Seeds))]
    public async Task A_filter_matches_what_a_search_finds(DatabaseProvider provider, int seed)
    {
        var random = new Random(seed);
        await using var store = await TestStore.CreateAsync(provider, clock: new SetClock(_now));
        var records = new RandomRecords(random);
        List<JsonObject> all = [.. Enumerable.Range(0, 12).Select(records.Patient), .. Enumerable.Range(0, 30).Select(records.Observation)];
        var committed = await store.CommitAsync([.. all.Select(record => new PutChange(KeyOf(record), TestStore.Content(record.ToJsonString())))]);
        var versions = committed.Results.Select(result => result.Resource!).ToList();
        var rules = store.Services.GetRequiredService<SubscriptionRules>();
        var searches = new RandomSearches(random, all, _now.UtcDateTime);
        var (judged, found, refused) = (0, 0, 0);

        await using var session = await store.Services.GetRequiredService<Database>().OpenAsync(Token);
        for (var at = 0; at < Filters; at++)
        {
            var type = at % 3 == 0 ? "Patient" : "Observation";
            var terms = Enumerable.Range(0, random.Next(1, 4)).Select(_ => searches.Next(type)).ToList();
            var query = store.Parse($"{type}?{string.Join('&', terms)}");
            System.Collections.Immutable.ImmutableArray<Domain.Search.Criterion> conditions;
            try
            {
                conditions = rules.Conditions(type, string.Join('&', terms.Select(term => $"{Uri.EscapeDataString(term.Name)}={Uri.EscapeDataString(term.Value)}")));
            }
            catch (FhirException)
            {
                Assert.Contains(query.Criteria, criterion => criterion.ToString()!.Contains("Chain", StringComparison.Ordinal) || criterion.ToString()!.Contains("Has", StringComparison.Ordinal)
                    || criterion.ToString()!.Contains("All", StringComparison.Ordinal) || criterion.ToString()!.Contains("Any", StringComparison.Ordinal) || criterion.ToString()!.Contains("Not", StringComparison.Ordinal));
                refused++;
                continue;
            }

            var expected = (await store.SearchAsync(query with { Count = 1000 })).Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal).ToList();
            var anchor = Listener.AnchorOf(conditions);
            var matched = new List<string>();
            foreach (var version in versions.Where(version => version.Key.Type == type))
            {
                var matcher = new SubscriptionMatcher(store.Services.GetRequiredService<Database>(), store.Services.GetRequiredService<IndexWriter>(), version);
                if (await matcher.MatchesAsync(session, conditions, Token))
                {
                    matched.Add(version.Key.Id);
                    Assert.True(anchor is null || matcher.References.Any(hash => anchor.Value.Contains(hash)), "It would not have been asked about.");
                }

                judged++;
            }

            Assert.True(expected.SequenceEqual(matched.Order(StringComparer.Ordinal)), $"Seed {seed}, filter {at}: {type}?{string.Join('&', terms)}");
            found += matched.Count;
        }

        Assert.InRange(found, Filters / 2, judged - 1);
        Assert.InRange(refused, 0, Filters / 2);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_version_is_judged_by_what_it_says_and_not_by_what_is_stored_now(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var first = await store.PutAsync("""{"resourceType":"Appointment","id":"a","status":"proposed","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}""");
        var second = await store.PutAsync("""{"resourceType":"Appointment","id":"a","status":"cancelled","participant":[{"actor":{"reference":"Patient/2"},"status":"accepted"}]}""");
        var rules = store.Services.GetRequiredService<SubscriptionRules>();
        var database = store.Services.GetRequiredService<Database>();
        await using var session = await database.OpenAsync(Token);

        foreach (var (filter, matches) in ((string, string)[])
        [
            ("patient=Patient/1", "1"),
            ("patient=2", "2"),
            ($"patient={TestStore.Base}/Patient/1", "1"),
            ("status=cancelled&patient=Patient/2", "2"),
            ("status=cancelled&patient=Patient/1", ""),
            ("status:not=cancelled", "1"),
            ("_id=a", "1 2"),
            ("_lastUpdated=gt2020", "1 2"),
            ("date:missing=true", "1 2"),
            ("actor:Patient=1", "1"),
        ])
        {
            var conditions = rules.Conditions("Appointment", filter);
            var found = new List<int>();
            foreach (var version in (StoredResource[])[first, second])
            {
                if (await new SubscriptionMatcher(database, store.Services.GetRequiredService<IndexWriter>(), version).MatchesAsync(session, conditions, Token))
                {
                    found.Add(version.Key.Version!.Value);
                }
            }

            Assert.Equal($"{filter}: {matches}", $"{filter}: {string.Join(' ', found)}");
        }
    }

    private static ResourceKey KeyOf(JsonObject record) => new(record["resourceType"]!.GetValue<string>(), record["id"]!.GetValue<string>());
}
