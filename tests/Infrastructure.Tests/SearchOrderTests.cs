using System.Collections.Concurrent;
using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>In which order matches come, and that walking the pages visits each once.</summary>
public sealed class SearchOrderTests(SearchFixture fixture) : IClassFixture<SearchFixture>
{
    // Over SearchData, by hand. Those without a value come last; ties go by age on the timeline and by id elsewhere.
    private const string Orders = """
        Observation? -> m1 c1 bp2 n1 x1 bp1 b1 w2 w1 g1 i1 s1
        Observation?_sort=-date -> m1 c1 bp2 n1 x1 bp1 b1 w2 w1 g1 i1 s1
        Observation?_sort=date -> i1 g1 w1 w2 b1 bp1 x1 n1 bp2 c1 m1 s1
        Observation?date:missing=false&_sort=date -> i1 g1 w1 w2 b1 bp1 x1 n1 bp2 c1 m1
        Observation?_sort=_id -> b1 bp1 bp2 c1 g1 i1 m1 n1 s1 w1 w2 x1
        Observation?_sort=status -> w2 b1 bp1 bp2 c1 i1 m1 n1 w1 x1 g1 s1
        Observation?_sort=code -> b1 w1 w2 bp1 bp2 g1 x1 m1 i1 n1 c1 s1
        Observation?_sort=-value-quantity -> w2 w1 b1 n1 bp1 bp2 c1 g1 i1 m1 s1 x1
        Observation?_sort=value-quantity,-date -> n1 b1 w1 w2 m1 c1 bp2 bp1 x1 g1 i1 s1
        Observation?_sort=subject -> g1 b1 bp1 c1 w1 bp2 w2 n1 s1 i1 m1 x1
        Observation?code=29463-7 -> b1 w2 w1
        Observation?code=29463-7&_sort=date -> w1 w2 b1
        Observation?code=29463-7&_sort=_lastUpdated -> w1 w2 b1
        Observation?code=85354-9,29463-7 -> bp2 bp1 b1 w2 w1 g1
        Observation?combo-code=8480-6,29463-7&_sort=date -> w1 w2 b1 bp1 bp2 m1
        Observation?patient=p1&code=85354-9,29463-7 -> bp1 b1 w1
        Observation?code:not=29463-7 -> m1 c1 bp2 n1 x1 bp1 g1 i1 s1
        Observation?value-quantity=gt0 -> n1 b1 w2 w1
        Observation?patient.family=muller -> c1 bp2 bp1 b1 w2 w1
        Encounter? -> e5 e2 e1 e3 e4
        Encounter?_sort=date -> e3 e1 e2 e5 e4
        Patient? -> p9 p7 p6 p5 p4 p3 p2 p1
        Patient?_sort=_lastUpdated -> p1 p2 p3 p4 p5 p6 p7 p9
        Patient?_sort=-_lastUpdated -> p9 p7 p6 p5 p4 p3 p2 p1
        Patient?_sort=-_id -> p9 p7 p6 p5 p4 p3 p2 p1
        Patient?_sort=family -> p5 p1 p2 p3 p4 p7 p6 p9
        Patient?_sort=-family -> p6 p7 p4 p3 p1 p2 p5 p9
        Patient?_sort=birthdate -> p4 p3 p2 p1 p6 p7 p5 p9
        Patient?_sort=-birthdate -> p7 p6 p1 p2 p3 p4 p5 p9
        Patient?_sort=gender -> p1 p2 p4 p3 p5 p6 p7 p9
        Patient?_sort=-gender,family -> p3 p2 p4 p1 p5 p7 p6 p9
        Patient?_sort=gender,-birthdate -> p1 p2 p4 p3 p7 p6 p5 p9
        Patient?_sort=_profile -> p1 p2 p3 p4 p5 p6 p7 p9
        Patient?_has:Observation:patient:code=29463-7 -> p2 p1
        Observation?_sort=-date,_id -> m1 c1 bp2 n1 bp1 x1 b1 w2 w1 g1 i1 s1
        Observation?_sort=date,-_id -> i1 g1 w1 w2 b1 x1 bp1 n1 bp2 c1 m1 s1
        Observation?_sort=_lastUpdated,status&code=29463-7 -> w1 w2 b1
        Observation?code=85354-9,29463-7&_sort=-value-quantity -> w2 w1 b1 bp1 bp2 g1
        Observation?status=final&_sort=value-quantity -> n1 b1 w1 bp1 bp2 c1 i1 m1 x1
        Patient?_sort=address-city,-family -> p1 p6 p7 p4 p3 p2 p5 p9
        ?_type=Patient,Practitioner&_sort=_id -> dr1 dr2 p1 p2 p3 p4 p5 p6 p7 p9
        ?_type=Patient,Practitioner&_sort=-_id,_lastUpdated -> p9 p7 p6 p5 p4 p3 p2 p1 dr2 dr1
        ?_type=Patient,Practitioner&_sort=family -> p5 dr1 dr2 p1 p2 p3 p4 p7 p6 p9
        ?_type=Practitioner,Patient&name=house,smith -> dr1 p4
        ?_type=Encounter,Observation&_sort=-date -> m1 e5 e2 c1 bp2 n1 bp1 x1 e1 b1 w2 w1 g1 i1 e3 e4 s1
        ?_type=Encounter,Observation&patient=p3&_sort=date -> n1 e5
        ?_type=Patient,Practitioner -> dr2 dr1 p9 p7 p6 p5 p4 p3 p2 p1
        ?_type=Patient,Practitioner&_sort=_lastUpdated -> p1 p2 p3 p4 p5 p6 p7 p9 dr1 dr2
        """;

    public static TheoryData<DatabaseProvider, string> Cases { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from line in Orders.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        select new TheoryDataRow<DatabaseProvider, string>(provider, line));

    [Theory, MemberData(nameof(Cases))]
    public async Task Pages_of_any_size_follow_the_order(DatabaseProvider provider, string line)
    {
        var parts = line.Split(" -> ");
        var expected = parts[1].Split(' ');
        var store = await fixture.StoreAsync(provider);
        await using var walking = store.Walking();
        foreach (var (searched, size) in from searched in (TestStore[])[store, walking] from size in (int[])[1, 2, 3, expected.Length, 50] select (searched, size))
        {
            var query = store.Parse($"{parts[0]}&_count={size}&_total=accurate");
            var found = new List<string>();
            while (true)
            {
                var page = await searched.SearchAsync(query);
                found.AddRange(page.Matches.Select(match => match.Key.Id));
                Assert.Equal(expected.Length, page.Total);
                if (page.Next is null)
                {
                    break;
                }

                Assert.Equal(size, page.Matches.Length);
                query = store.After(query, page);
            }

            Assert.Equal(expected, found);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Pages_that_end_early_follow_the_order(DatabaseProvider provider, string line)
    {
        var parts = line.Split(" -> ");
        var expected = parts[1].Split(' ');
        var store = await fixture.StoreAsync(provider);
        foreach (var (budget, gathered, size) in ((int, int, int)[])[(1, 0, 50), (3, 0, 2), (3, 20_000, 50), (4, 4, 3)])
        {
            await using var ending = store.Ending(budget, gathered);
            var query = store.Parse($"{parts[0]}&_count={size}&_total=accurate") with { MayEndEarly = true };
            var (found, pages) = (new List<string>(), 0);
            while (true)
            {
                Assert.InRange(++pages, 1, 200);
                var page = await ending.SearchAsync(query);
                found.AddRange(page.Matches.Select(match => match.Key.Id));
                Assert.InRange(page.Matches.Length, 0, size);
                Assert.Equal(expected.Length, page.Total);
                if (page.Next is null)
                {
                    break;
                }

                query = store.After(query, page) with { MayEndEarly = true };
            }

            Assert.Equal(expected, found);
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_page_ends_early_only_where_it_may(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        for (var at = 0; at < 30; at++)
        {
            await store.PutAsync($$"""{"resourceType":"Patient","id":"p{{at:00}}","name":[{"family":"{{(at == 4 ? "Quinn" : "Meier")}}"}],"gender":"{{(at == 4 ? "other" : "male")}}"}""");
        }

        await using var ending = store.Ending(walkLimit: 10);
        string[] searches =
        [
            "family:contains=uin", "gender:not=male", "family:contains=uin&_sort=_lastUpdated", "family:contains=uin&_sort=_id",
            "family:contains=uin&_sort=-gender", "family:contains=uin&_sort=birthdate", "_filter=family co \"uin\"",
        ];
        foreach (var search in searches)
        {
            var query = store.Parse($"Patient?{search}&_count=5");
            var whole = await ending.SearchAsync(query);
            Assert.Equal("p04", Assert.Single(whole.Matches).Key.Id);
            Assert.Null(whole.Next);
            Assert.Equal(1, whole.Total);

            // The first to come, the last or one between: no page reads more than ten of the thirty, and none says that it knows how many there are.
            var pages = new List<SearchPage>();
            for (query = query with { MayEndEarly = true }; ; query = store.After(query, pages[^1]) with { MayEndEarly = true })
            {
                pages.Add(await ending.SearchAsync(query));
                if (pages[^1].Next is null)
                {
                    break;
                }

                Assert.Null(pages[^1].Total);
            }

            Assert.InRange(pages.Count, 3, 8);
            Assert.Equal("p04", Assert.Single(pages, page => page.Matches.Length > 0).Matches[0].Key.Id);
        }

        // A total costs what the criteria reach, in whatever order the page is.
        await store.PutAsync("""{"resourceType":"Patient","id":"p99","gender":"other"}""");
        foreach (var sort in (string[])["", "&_sort=family", "&_sort=-gender,_id", "&_sort=_lastUpdated"])
        {
            Assert.Equal(2, (await ending.SearchAsync(store.Parse($"Patient?gender=other{sort}&_count=1") with { MayEndEarly = sort != "&_sort=_lastUpdated" })).Total);
        }
    }

    [Theory]
    [InlineData("Observation?_sort=code-value-quantity")]
    [InlineData("?_type=Patient,Practitioner&_sort=birthdate")]
    public async Task An_order_that_is_not_supported_is_refused(string search)
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Equal(400, (int)(await Assert.ThrowsAsync<FhirException>(() => store.SearchAsync(search))).Status);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_walk_sees_all_that_stays_once_while_others_come_and_go(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var staying = Enumerable.Range(0, 40).Select(at => $"s{at:00}").ToList();
        foreach (var (id, at) in staying.Select((id, at) => (id, at)))
        {
            await store.PutAsync(Content(id, at));
        }

        using var stop = new CancellationTokenSource();
        var seen = new ConcurrentBag<string>();
        var others = ComeAndGoAsync(store, stop.Token);
        string[] searches =
        [
            "", "_sort=date", "_sort=-date", "_sort=_lastUpdated", "_sort=-_lastUpdated", "_sort=_id", "_sort=code,-value-quantity",
            "code=c0,c1,c2,c3", "code=c0,c1,c2,c3&_sort=date", "status:not=unknown", "value-quantity=ge0&_sort=status",
        ];
        try
        {
            for (var loop = 0; loop < 3; loop++)
            {
                foreach (var search in searches)
                {
                    var found = new List<string>();
                    var query = store.Parse($"Observation?{search}&_count={3 + (loop * 2)}&_total=none");
                    while (true)
                    {
                        var page = await store.SearchAsync(query);
                        found.AddRange(page.Matches.Select(match => match.Key.Id).Where(id => id[0] == 's'));
                        seen.Add(string.Join(' ', page.Matches.Select(match => match.Key.Id).Where(id => id[0] == 'g')));
                        if (page.Next is null)
                        {
                            break;
                        }

                        query = store.After(query, page);
                    }

                    Assert.Equal(staying, found.Order(StringComparer.Ordinal));
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await others;
        }

        Assert.Contains(seen, ids => ids.Length > 0);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_total_is_given_as_asked_for(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, totalLimit: 5);
        for (var at = 0; at < 8; at++)
        {
            await store.PutAsync($$"""{"resourceType":"Patient","id":"p{{at}}","active":{{(at < 4 ? "true" : "false")}}}""");
            await store.PutAsync($$"""{"resourceType":"Practitioner","id":"d{{at}}"}""");
        }

        foreach (var (search, exact) in ((string, int)[])[("Patient?", 8), ("Patient?active:not=other", 8), ("?_type=Patient,Practitioner", 16)])
        {
            Assert.Null((await store.SearchAsync(search + "&_count=2")).Total);
            Assert.Null((await store.SearchAsync(search + "&_count=2&_total=none")).Total);
            Assert.Equal(exact, (await store.SearchAsync(search + "&_count=2&_total=accurate")).Total);
            Assert.InRange((await store.SearchAsync(search + "&_count=2&_total=estimate")).Total ?? 0, 6, 10_000);
            Assert.Equal(exact, (await store.SearchAsync(search + "&_count=0")).Total);
            Assert.Equal(exact, (await store.SearchAsync(search + "&_count=0&_total=none")).Total);
            Assert.Equal(exact, (await store.SearchAsync(search + "&_summary=count")).Total);
            Assert.InRange((await store.SearchAsync(search + "&_count=0&_total=estimate")).Total ?? 0, 6, 10_000);
            Assert.Equal(exact, (await store.SearchAsync(search + "&_count=20")).Total);
        }

        Assert.Equal(4, (await store.SearchAsync("Patient?active=true&_count=2")).Total);
        Assert.Null((await store.SearchAsync("Patient?active=true&_count=20&_total=none")).Total);
    }

    private static async Task ComeAndGoAsync(TestStore store, CancellationToken stop)
    {
        var random = new Random(7);
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            await Task.Yield();
            await store.PutAsync(Content(string.Create(CultureInfo.InvariantCulture, $"g{round % 15}"), random.Next(40)));
            await store.CommitAsync(new DeleteChange(new ResourceKey("Observation", $"g{random.Next(15)}")));
        }
    }

    private static string Content(string id, int at)
    {
        var date = at % 5 == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\"effectiveDateTime\":\"2024-01-{1 + (at % 7):00}\",");
        return $$"""
            {"resourceType":"Observation","id":"{{id}}","status":"{{(at % 3 == 0 ? "final" : "amended")}}",{{date}}
             "code":{"coding":[{"system":"urn:s","code":"c{{at % 4}}"}]},"valueQuantity":{"value":{{at % 6}} } }
            """;
    }
}
