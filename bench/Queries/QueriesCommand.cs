using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Bench.Queries;

/// <summary>
/// <c>queries --provider postgres|sqlite --count 100000,1000000 [--writers 4] [--rounds 5] [--plans none|last]</c>: loads stores of
/// these sizes, asks the same questions of each in turn and shows whether the time grows with what is stored.
/// </summary>
internal static class QueriesCommand
{
    private const int Warm = 40;
    private const int PerRound = 60;
    private static readonly TimeSpan _roundLimit = TimeSpan.FromSeconds(4);

    public static async Task RunAsync(Arguments arguments)
    {
        var postgres = arguments.Text("provider", "postgres") != "sqlite";
        await using var cluster = postgres ? await BenchStore.StartPostgresAsync() : null;
        var subjects = new List<Subject>();
        try
        {
            foreach (var count in arguments.Numbers("count", "100000"))
            {
                var town = new Town(count);
                var store = await BenchStore.CreateAsync(cluster);
                var (rate, bytes) = await Loader.LoadAsync(store, town, arguments.Number("writers", 4));
                Console.WriteLine($"{count:N0} Observations: loaded {rate:N0}/s, {bytes:N0} bytes on disk each (index, history, outbox and free space included)");
                subjects.Add(new(store, await Question.ForAsync(town, store.Store), count));
            }

            if (cluster is not null)
            {
                await SizesAsync(subjects[^1].Store);
            }

            await MeasureAsync(subjects, arguments.Number("rounds", 5));
            if (cluster is not null)
            {
                await RowsReadAsync(subjects);
            }

            if (arguments.Text("plans", "last") != "none")
            {
                await ExplainAsync(cluster, subjects[^1]);
            }

            if (arguments.Text("inserts", "yes") != "no")
            {
                await InsertRates.RunAsync(subjects[^1].Store, new Town(arguments.Numbers("count", "100000")[^1]));
            }
        }
        finally
        {
            foreach (var subject in subjects)
            {
                await subject.Store.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(List<Subject> subjects, int rounds)
    {
        var names = subjects[0].Questions.Select(question => question.Name).ToList();
        var times = subjects.Select(_ => names.Select(_ => new Latencies()).ToList()).ToList();
        var found = subjects.Select(_ => new long[names.Count]).ToList();
        for (var round = 0; round <= rounds; round++)
        {
            for (var at = 0; at < names.Count; at++)
            {
                for (var of = 0; of < subjects.Count; of++)
                {
                    // Round 0 warms up and is not counted.
                    var (store, questions) = (subjects[of].Store.Store, subjects[of].Questions);
                    var begin = TimeProvider.System.GetTimestamp();
                    for (var i = 0; i < (round == 0 ? Warm : PerRound) && TimeProvider.System.GetElapsedTime(begin) < _roundLimit; i++)
                    {
                        var start = TimeProvider.System.GetTimestamp();
                        var rows = await questions[at].AskAsync(store, new Dice((ulong)(round + 1000), i));
                        if (round > 0)
                        {
                            times[of][at].Since(start);
                            found[of][at] += rows;
                        }
                    }
                }
            }
        }

        var columns = subjects.SelectMany(subject => (string[])["p50 us", "p95 us", "rows"]);
        Console.WriteLine($"\n| question | {string.Join(" | ", columns)} |{(subjects.Count > 1 ? " last/first p50 |" : "")}");
        Console.WriteLine($"| --- |{string.Concat(columns.Select(_ => " ---: |"))}{(subjects.Count > 1 ? " ---: |" : "")}");
        for (var at = 0; at < names.Count; at++)
        {
            var cells = subjects.SelectMany((_, of) => (string[])
            [
                $"{times[of][at].Percentile(0.5):N0}",
                $"{times[of][at].Percentile(0.95):N0}",
                $"{(double)found[of][at] / times[of][at].Count:N1}",
            ]);
            var growth = subjects.Count > 1 ? $" {times[^1][at].Percentile(0.5) / times[0][at].Percentile(0.5):N2} |" : "";
            Console.WriteLine($"| {names[at]} | {string.Join(" | ", cells)} |{growth}");
        }
    }

    private static async Task ExplainAsync(PostgresCluster? cluster, Subject subject)
    {
        foreach (var question in subject.Questions)
        {
            Console.WriteLine($"\n=== {question.Name}");
            Console.WriteLine(cluster is null
                ? await Plans.OfSqliteAsync(subject.Store, question)
                : await Plans.OfPostgresAsync(cluster, subject.Store, question));
        }
    }

    /// <summary>What the database says that it read of indexes and tables to answer each question once.</summary>
    private static async Task RowsReadAsync(List<Subject> subjects)
    {
        const int times = 10;
        Console.WriteLine($"\n| rows and index entries read |{string.Concat(subjects.Select(subject => $" {subject.Count:N0} |"))}");
        Console.WriteLine($"| --- |{string.Concat(subjects.Select(_ => " ---: |"))}");
        for (var at = 0; at < subjects[0].Questions.Count; at++)
        {
            var cells = new List<string>();
            foreach (var (store, questions, _) in subjects)
            {
                var before = await ReadSoFarAsync(store);
                await using (var alone = store.With("Maximum Pool Size=1"))
                {
                    for (var i = 0; i < times; i++)
                    {
                        await questions[at].AskAsync(alone.Store, new Dice(77, i));
                    }
                }

                // A connection says what it did when it ends.
                await Task.Delay(TimeSpan.FromMilliseconds(200));
                cells.Add($"{(await ReadSoFarAsync(store) - before) / times:N0}");
            }

            Console.WriteLine($"| {subjects[0].Questions[at].Name} | {string.Join(" | ", cells)} |");
        }
    }

    private static async Task<long> ReadSoFarAsync(BenchStore store)
    {
        await using var connection = new Npgsql.NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            "SELECT ((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables))::bigint", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task SizesAsync(BenchStore store)
    {
        Console.WriteLine("\n| table or index | MB |\n| --- | ---: |");
        await using var connection = new Npgsql.NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            "SELECT relname::text, pg_relation_size(oid) / 1e6 FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            + "AND relkind IN ('r', 'i') AND pg_relation_size(oid) > 1000000 ORDER BY 2 DESC", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            Console.WriteLine($"| {reader.GetString(0)} | {reader.GetDecimal(1):N0} |");
        }
    }

    private sealed record Subject(BenchStore Store, IReadOnlyList<Question> Questions, int Count);
}
