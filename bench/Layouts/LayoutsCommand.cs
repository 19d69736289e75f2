using Npgsql;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Queries;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Layouts;

/// <summary>
/// <c>layouts --count 1000000 [--rounds 6] [--writers 4]</c>: the product's uniform index tables beside tables with promoted columns, the
/// same Observations in both, in one database of one server; loads, questions and inserts take turns.
/// </summary>
internal static class LayoutsCommand
{
    private const int PerCommit = 1000;
    private const int PerRound = 100;

    public static async Task RunAsync(Arguments arguments)
    {
        await using var cluster = await BenchStore.StartPostgresAsync();
        await using var store = await BenchStore.CreateAsync(cluster);
        var town = new Town(arguments.Number("count", 1_000_000));
        await using var source = NpgsqlDataSource.Create(
            store.Settings.ConnectionString + ";Max Auto Prepare=100;Auto Prepare Min Usages=3;No Reset On Close=true");
        var promoted = new PromotedTables(source, store.Get<SearchParameterCatalog>(), store.Get<IndexExtractor>());
        await promoted.CreateAsync();
        await promoted.InsertPatientsAsync(town.Patients);
        var writers = arguments.Number("writers", 4);
        var loaded = await Loader.ManyAsync(town.Observations, PerCommit, writers, (from, count) =>
            promoted.InsertAsync(Enumerable.Range(from, count).Select(at => Row(town, at))));
        var (uniform, _) = await Loader.LoadAsync(store, town, writers);
        Console.WriteLine($"{town.Observations:N0} Observations: loaded uniform {uniform:N0}/s, promoted {loaded:N0}/s (one after the other)");
        await SizesAsync(source, town);
        await AskAsync(store, town, new PromotedQuestions(source, town), arguments.Number("rounds", 6));
        await InsertAsync(store, town, promoted);
    }

    private static CreateRow Row(Town town, int at)
    {
        var written = town.Observation(at);
        return new(written.Id, Loader.Parse(written).Resource, written.Json);
    }

    private static async Task AskAsync(BenchStore store, Town town, PromotedQuestions promoted, int rounds)
    {
        var uniform = (await Question.ForAsync(town, store.Store)).ToDictionary(question => question.Name);
        Console.WriteLine("\n| question | uniform p50 us | p95 us | promoted p50 us | p95 us | uniform/promoted p50 | rows |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var (name, askAsync) in promoted.All)
        {
            var ours = new Latencies();
            var theirs = new Latencies();
            var (found, others) = (0L, 0L);
            for (var round = 0; round <= rounds; round++)
            {
                for (var i = 0; i < PerRound; i++)
                {
                    // The same throw of dice for both; who goes first changes, so that neither always finds the pages warm.
                    var dice = new Dice((ulong)(round + 1000), i);
                    for (var turn = 0; turn < 2; turn++)
                    {
                        var first = (turn + i) % 2 == 0;
                        var start = TimeProvider.System.GetTimestamp();
                        var rows = first ? await uniform[name].AskAsync(store.Store, dice) : Math.Min(await askAsync(dice), uniform[name].Most);
                        if (round > 0)
                        {
                            (first ? ours : theirs).Since(start);
                            (found, others) = first ? (found + rows, others) : (found, others + rows);
                        }
                    }
                }
            }

            if (found != others)
            {
                throw new InvalidOperationException($"{name}: the layouts do not agree ({found} and {others} rows).");
            }

            var (p50, q50) = (ours.Percentile(0.5), theirs.Percentile(0.5));
            Console.WriteLine($"| {name} | {p50:N0} | {ours.Percentile(0.95):N0} | {q50:N0} | {theirs.Percentile(0.95):N0} | {p50 / q50:N2} | {(double)found / ours.Count:N1} |");
        }

        for (var at = 0; at < promoted.All.Count; at++)
        {
            Console.WriteLine($"\n=== promoted: {promoted.All[at].Name}\n{await promoted.ExplainAsync(at)}");
        }
    }

    private static async Task InsertAsync(BenchStore store, Town town, PromotedTables promoted)
    {
        var next = town.Observations;
        var ours = new List<double>();
        var theirs = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            var pool = Enumerable.Range(next, 60_000).AsParallel().AsOrdered().Select(at => Loader.Create(town.Observation(at))).ToArray();
            var half = pool.Length / 2;
            next += pool.Length;
            ours.Add(await InsertRates.RateAsync(pool[..half], PerCommit, 2, changes =>
                store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []), CancellationToken.None)));
            theirs.Add(await InsertRates.RateAsync(pool[half..], PerCommit, 2, changes =>
                promoted.InsertAsync(changes.Select(change => new CreateRow(change.Key.Id, change.Content.Resource, change.Content.Json.ToArray())))));
        }

        var (uniform, other) = (InsertRates.Median(ours), InsertRates.Median(theirs));
        Console.WriteLine($"\nInsert, 1,000 per commit, 2 connections: uniform {uniform:N0}/s, promoted {other:N0}/s, promoted/uniform {other / uniform:N2}");
    }

    private static async Task SizesAsync(NpgsqlDataSource source, Town town)
    {
        async Task<decimal> BytesAsync(string condition)
        {
            await using var command = source.CreateCommand(
                $"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND {condition}");
            return (decimal)(await command.ExecuteScalarAsync())!;
        }

        var promoted = await BytesAsync("relname LIKE 'f\\_%'");
        var uniform = await BytesAsync("relname NOT LIKE 'f\\_%'");
        Console.WriteLine($"On disk per Observation: uniform {uniform / town.Observations:N0} bytes (with the other types' rows), promoted {promoted / town.Observations:N0}");
    }
}
