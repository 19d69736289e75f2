using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Histories (https://hl7.org/fhir/R4/http.html#history) of a resource, a type and the system; one write each minute.</summary>
public sealed class HistoryTests
{
    private static readonly DateTimeOffset _start = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Times_narrow_a_history_of_any_extent_and_pages_lead_through_it(DatabaseProvider provider)
    {
        var clock = new SetClock(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        Change[] changes =
        [
            Put("""{"resourceType":"Patient","id":"a","gender":"male"}"""),
            Put("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}"""),
            Put("""{"resourceType":"Patient","id":"a","gender":"female"}"""),
            Put("""{"resourceType":"Patient","id":"b"}"""),
            new DeleteChange(TestStore.KeyOf("Patient/a")),
            Put("""{"resourceType":"Patient","id":"a","gender":"other"}"""),
        ];
        foreach (var change in changes)
        {
            await store.CommitAsync(change);
            clock.Now += TimeSpan.FromMinutes(1);
        }

        (HistoryQuery Query, string Expected)[] rows =
        [
            (new() { Type = "Patient", Id = "a" }, "a/4 a/3 a/2 a/1"),
            (new() { Type = "Patient" }, "a/4 a/3 b/1 a/2 a/1"),
            (new(), "a/4 a/3 b/1 a/2 o/1 a/1"),
            (new() { Type = "Basic" }, ""),
            (new() { Type = "Patient", Since = At(2) }, "a/4 a/3 b/1 a/2"),
            (new() { Type = "Patient", Since = At(2).AddSeconds(1) }, "a/4 a/3 b/1"),
            (new() { Before = At(2) }, "o/1 a/1"),
            (new() { Since = At(1), Before = At(4) }, "b/1 a/2 o/1"),
            (new() { At = Between(2.5, 2.6) }, "a/2 o/1"),
            (new() { At = Between(1.5, 3.5) }, "b/1 a/2 o/1 a/1"),
            (new() { Type = "Patient", Id = "a", At = Between(-2, -1) }, ""),
        ];
        foreach (var (query, expected) in rows)
        {
            var oldestFirst = string.Join(' ', expected.Split(' ').Reverse());
            Assert.Equal(expected, string.Join(' ', await WalkAsync(store, query)));
            Assert.Equal(expected, string.Join(' ', await WalkAsync(store, query with { Count = 1 })));
            Assert.Equal(oldestFirst, string.Join(' ', await WalkAsync(store, query with { Count = 2, OldestFirst = true })));
            var count = await store.Store.HistoryAsync(TestStore.Caller, query with { Count = 0 }, TestContext.Current.CancellationToken);
            Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, count.Total);
            Assert.Empty(count.Entries);
        }

        DateRange Between(double from, double to) => new(At(from).UtcTicks, At(to).UtcTicks);
        static DateTimeOffset At(double minute) => _start.AddMinutes(minute);
        static PutChange Put(string json) => new(new(TestStore.Content(json).Resource.TypeName, TestStore.Content(json).Resource.Id!), TestStore.Content(json));
    }

    private static async Task<List<string>> WalkAsync(TestStore store, HistoryQuery query)
    {
        var found = new List<string>();
        for (var pages = 0; pages < 20; pages++)
        {
            var page = await store.Store.HistoryAsync(TestStore.Caller, query, TestContext.Current.CancellationToken);
            Assert.True(page.Entries.Length <= query.Count);
            found.AddRange(page.Entries.Select(version => $"{version.Key.Id}/{version.Key.Version}"));
            if (page.Next is null)
            {
                return found;
            }

            query = query with { After = page.Next };
        }

        throw new InvalidOperationException("The pages do not end.");
    }
}
