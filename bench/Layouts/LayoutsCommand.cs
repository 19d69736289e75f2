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
        await AskAsync(store, town, new PlainQuestions(source, store.Get<SearchParameterCatalog>(), town), arguments.Number("rounds", 6));
        await InsertAsync(store, town, promoted);
    }

    private static CreateRow Row(Town town, int at)
    {
        var written = town.Observation(at);
        return new(written.Id, Loader.Parse(written).Resource, written.Json);
    }

    private static async Task AskAsync(BenchStore store, Town town, PlainQuestions plain, int rounds)
    {
        var whole = (await Question.ForAsync(town, store.Store)).ToDictionary(question => question.Name);
        Console.WriteLine("\n| question | promoted SQL p50 us (p95) | uniform SQL p50 us (p95) | the store p50 us (p95) | uniform/promoted SQL | rows |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: |");
        for (var at = 0; at < plain.Uniform.Count; at++)
        {
            var name = plain.Uniform[at].Name;
            Func<Dice, Task<long>>[] ways =
                [plain.Promoted[at].AskAsync, plain.Uniform[at].AskAsync, dice => whole[name].AskAsync(store.Store, dice)];
            var times = ways.Select(_ => new Latencies()).ToArray();
            var found = new long[ways.Length];
            for (var round = 0; round <= rounds; round++)
            {
                for (var i = 0; i < PerRound; i++)
                {
                    // The same throw of dice for all; who goes first changes, so that nobody always finds the pages warm.
                    for (var turn = 0; turn < ways.Length; turn++)
                    {
                        var way = (turn + i) % ways.Length;
                        var start = TimeProvider.System.GetTimestamp();
                        var rows = await ways[way](new Dice((ulong)(round + 1000), i));
                        if (round > 0)
                        {
                            times[way].Since(start);
                            found[way] += Math.Min(rows, whole[name].Most);
                        }
                    }
                }
            }

            if (found.Distinct().Count() > 1)
            {
                throw new InvalidOperationException($"{name}: the layouts do not agree ({string.Join(", ", found)} rows).");
            }

            var cells = times.Select(time => $"{time.Percentile(0.5):N0} ({time.Percentile(0.95):N0})");
            Console.WriteLine($"| {name} | {string.Join(" | ", cells)} | {times[1].Percentile(0.5) / times[0].Percentile(0.5):N2} | "
                + $"{(double)found[0] / times[0].Count:N1} |");
        }

        foreach (var (name, askAsync) in plain.Promoted.Concat(plain.Uniform))
        {
            Console.WriteLine($"\n=== {name}\n{await plain.ExplainAsync(askAsync)}");
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
