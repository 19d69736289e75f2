using System.Diagnostics;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Queries;

/// <summary>
/// How many Observations a second the store takes into what it already holds, next to rows of a key and the same bytes in a table
/// without any other index. Parsing is done beforehand; stamping, extracting and every index are part of the store's figure.
/// </summary>
internal static class InsertRates
{
    private const int Rounds = 5;
    private static readonly TimeSpan _time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(BenchStore store, Town town)
    {
        await using var raw = await RawTable.CreateAsync(store);
        var next = town.Observations;
        Console.WriteLine("\n| insert | connections | store /s | raw rows /s | store/raw |\n| --- | ---: | ---: | ---: | ---: |");
        foreach (var (perCommit, most) in ((int, int)[])[(1, 8), (100, 2), (1000, 2)])
        {
            var connections = store.IsPostgres ? most : 1;
            var full = new List<double>();
            var bare = new List<double>();
            for (var round = 0; round < Rounds; round++)
            {
                // Enough for the time, made before the clock starts.
                var pool = Enumerable.Range(next, perCommit == 1 ? 20_000 : 60_000).AsParallel().AsOrdered().Select(at => Loader.Create(town.Observation(at))).ToArray();
                next += pool.Length;
                full.Add(await RateAsync(pool, perCommit, connections, changes =>
                    store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []), CancellationToken.None)));
                var stamped = pool.Select(change => FhirJson.Stamp(change.Content.Json.Span, change.Key.Id, 1, DateTimeOffset.UnixEpoch)).ToArray();
                bare.Add(await RateAsync(stamped, perCommit, connections, rows => raw.InsertAsync(rows)));
            }

            var (ours, theirs) = (Median(full), Median(bare));
            Console.WriteLine($"| {perCommit:N0} per commit | {connections} | {ours:N0} | {theirs:N0} | {ours / theirs:N2} |");
        }
    }

    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Items a second while there are any and the time has not passed.</summary>
    public static async Task<double> RateAsync<T>(T[] pool, int perCommit, int connections, Func<ArraySegment<T>, Task> insert)
    {
        var clock = Stopwatch.StartNew();
        var next = 0;
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < _time)
            {
                var from = Interlocked.Add(ref next, perCommit) - perCommit;
                if (from + perCommit > pool.Length)
                {
                    return;
                }

                await insert(new ArraySegment<T>(pool, from, perCommit));
                Interlocked.Add(ref done, perCommit);
            }
        })));
        return done / clock.Elapsed.TotalSeconds;
    }
}
