using System.Globalization;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// Random searches over random resources find on either database what a plain reading of the specification finds. A failure names
/// the seed, which makes the same resources and searches again.
/// </summary>
public sealed class SearchDifferentialTests
{
    private const int Searches = 60;
    private static readonly DateTimeOffset _now = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, string[]> _sorts = new()
    {
        ["Patient"] =
        [
            "", "_sort=_id", "_sort=-_lastUpdated", "_sort=birthdate", "_sort=-family,gender", "_sort=gender,-birthdate", "_sort=-identifier",
            "_sort=organization,_id", "_sort=-general-practitioner,family", "_sort=_profile,-_tag", "_sort=phone",
        ],
        ["Observation"] =
        [
            "", "_sort=_id", "_sort=-_lastUpdated", "_sort=date", "_sort=-date", "_sort=code,-date", "_sort=-combo-code,value-quantity",
            "_sort=subject", "_sort=-patient,status,-_id", "_sort=-value-quantity,code", "_sort=status,category,date", "_sort=combo-value-quantity",
        ],
    };

    public static TheoryData<DatabaseProvider, int> Seeds { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from seed in Enumerable.Range(1, 6)
        select new TheoryDataRow<DatabaseProvider, int>(provider, seed));

    [Theory, MemberData(nameof(Seeds))]
    public async Task Agrees_with_a_plain_reading_of_the_specification(DatabaseProvider provider, int seed)
    {
        var random = new Random(seed);
        await using var store = await TestStore.CreateAsync(provider, clock: new SetClock(_now));
        await using var ending = store.Ending(walkLimit: 7, sortLimit: 5, clock: new SetClock(_now));
        await using var meager = store.Ending(walkLimit: 2, sortLimit: 0, clock: new SetClock(_now));
        var records = new RandomRecords(random);
        List<JsonObject> all =
        [
            .. Enumerable.Range(0, 12).Select(records.Patient),
            .. Enumerable.Range(0, 40).Select(records.Observation),
        ];
        await store.CommitAsync([.. all.Select(record => new PutChange(KeyOf(record), TestStore.Content(record.ToJsonString())))]);

        var searches = new RandomSearches(random, all, _now.UtcDateTime);
        var found = 0;
        for (var at = 0; at < Searches; at++)
        {
            var type = at % 3 == 0 ? "Patient" : "Observation";
            var terms = Enumerable.Range(0, random.Next(1, 4)).Select(_ => searches.Next(type)).ToList();
            var sort = _sorts[type][random.Next(_sorts[type].Length)];
            var search = $"{type}?{string.Join('&', terms)}&{sort}&_total=accurate&_count={random.Next(1, 30)}";
            var expected = all.Where(record => KeyOf(record).Type == type && terms.TrueForAll(term => term.Holds(record)))
                .Select(record => KeyOf(record).Id).Order(StringComparer.Ordinal).ToList();

            var ordered = await WalkAsync(store, search, expected.Count);
            var ids = ordered.Order(StringComparer.Ordinal).ToList();

            Assert.True(
                expected.SequenceEqual(ids),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Seed {seed}, search {at}: {search}\nfound beyond: {Shown(ids.Except(expected))}\nnot found: {Shown(expected.Except(ids))}"));
            found += ids.Count;

            // However little a page may look at, all of them together are the same.
            if (at % 5 < 2)
            {
                Assert.Equal(ordered, await WalkAsync(at % 5 == 0 ? ending : meager, search, expected.Count));
            }
        }

        // A generator that asks for nothing would prove nothing.
        Assert.InRange(found, Searches, Searches * 30);

        string Shown(IEnumerable<string> ids) => string.Join("\n  ", ids.Select(id => all.Find(record => KeyOf(record).Id == id)!.ToJsonString()));
    }

    private static async Task<List<string>> WalkAsync(TestStore store, string search, int total)
    {
        var ids = new List<string>();
        for (var query = store.Parse(search) with { MayEndEarly = true }; ;)
        {
            var page = await store.SearchAsync(query);
            ids.AddRange(page.Matches.Select(match => match.Key.Id));
            Assert.True(page.Total == total, $"{search}: {page.Total} in all, not {total}");
            if (page.Next is null)
            {
                return ids;
            }

            query = store.After(query, page) with { MayEndEarly = true };
        }
    }

    private static ResourceKey KeyOf(JsonObject record) =>
        new(record["resourceType"]!.GetValue<string>(), record["id"]!.GetValue<string>());
}
