using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TeleFhir.Bench.Http;
using TeleFhir.Bench.Stores;

namespace TeleFhir.Bench.Endurance;

/// <summary>
/// <c>endurance [--patients 200] [--rate 500] [--minutes 10] [--kill-every 20] [--nodes 2] [--down-minutes 0] [--others 0] [--server path]</c>: readings at a
/// steady rate into servers on one PostgreSQL, one of which is killed (SIGKILL) and started again every so many seconds (0: never). A subscriber
/// is told of readings out of range; with <c>--down-minutes</c> two more are: one answers 500 for so long, the other takes a second for each
/// notification. <c>--others</c> subscribe for the readings of a patient each who has none. In the end everything that was acknowledged has to
/// be stored once, every breach be in exactly one alert, and every subscriber have all events in their order.
/// </summary>
internal static class EnduranceCommand
{
    private const int PerBundle = 10;
    private const int Senders = 24;
    private const string Waiting = """
        SELECT (SELECT count(*) FROM outbox)
          + (SELECT count(*) FROM subscription_event e JOIN subscription_delivery d ON d.id = e.id WHERE e.number > d.delivered)
        """;

    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _longestWait = TimeSpan.FromMinutes(15);

    public static async Task RunAsync(Arguments arguments)
    {
        var assembly = arguments.Text("server", Path.Combine(HttpCommand.Repository(), "src/Api/bin/Release/net10.0/TeleFhir.Api.dll"));
        if (!File.Exists(assembly))
        {
            Console.Error.WriteLine($"{assembly} is missing: dotnet build src/Api -c Release");
            return;
        }

        var (patients, rate, minutes) = (arguments.Number("patients", 200), arguments.Number("rate", 500), arguments.Number("minutes", 10));
        var killEvery = arguments.Number("kill-every", 20);
        await using var cluster = await BenchStore.StartPostgresAsync();
        await using var store = await BenchStore.CreateAsync(cluster);
        await using var sink = await Sink.StartAsync(HttpCommand.FreePort());
        await using var nodes = await Nodes.StartAsync(store, assembly, arguments.Number("nodes", 2), sink.Address);
        var downFor = TimeSpan.FromMinutes(arguments.Number("down-minutes", 0));
        List<Inbox> inboxes = downFor > TimeSpan.Zero ? [sink.Prompt, sink.Down, sink.Slow] : [sink.Prompt];
        await nodes.PrepareAsync(patients);
        foreach (var inbox in inboxes)
        {
            await nodes.SubscribeAsync($"{sink.Address}/{inbox.Name}", inbox.PerNotification);
        }

        await nodes.SubscribeOthersAsync(arguments.Number("others", 0), $"{sink.Address}/{sink.Prompt.Name}");
        while (await CountAsync(store, "SELECT (SELECT count(*) FROM subscription WHERE status <> 1) + (SELECT count(*) FROM outbox)") > 0)
        {
            // Handshakes come first.
            await Task.Delay(1000);
        }


        var readings = new Readings(patients);
        using var over = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
        var start = Stopwatch.GetTimestamp();
        sink.Down.AnswersFrom = start + (long)(downFor.TotalSeconds * Stopwatch.Frequency);
        var killer = killEvery > 0 ? nodes.KillAsync(TimeSpan.FromSeconds(killEvery), over.Token) : Task.CompletedTask;
        var progress = ReportAsync(readings, sink, over.Token);
        var bundles = new BlockingCollection<IReadOnlyList<Sent>>(4096);
        var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendAllAsync(nodes, bundles, readings))).ToList();
        for (var sent = 0; !over.IsCancellationRequested; await Task.Delay(5))
        {
            // What is due since the last look: timers tick too coarsely for a bundle each.
            for (var due = rate * Stopwatch.GetElapsedTime(start).TotalSeconds; sent + PerBundle <= due; sent += PerBundle)
            {
                bundles.Add(readings.Next(PerBundle), CancellationToken.None);
            }
        }

        bundles.CompleteAdding();
        await Task.WhenAll(senders);
        await killer;
        await progress;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await DrainAsync(store, inboxes);
        Print(string.Create(CultureInfo.InvariantCulture, $"{readings.Acknowledged.Count:N0} readings acknowledged in {seconds:N0} s ({readings.Acknowledged.Count / seconds:N0}/s), {nodes.Kills} kills, {readings.Retries:N0} requests sent again"));
        await CheckAsync(store, readings, inboxes);
    }

    private static async Task SendAllAsync(Nodes nodes, BlockingCollection<IReadOnlyList<Sent>> bundles, Readings readings)
    {
        foreach (var bundle in bundles.GetConsumingEnumerable())
        {
            for (var tries = 0; !await nodes.SendAsync(bundle, tries, readings); tries++)
            {
                readings.CountRetry();
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2000, 50 << Math.Min(tries, 5))));
            }
        }
    }

    private static async Task ReportAsync(Readings readings, Sink sink, CancellationToken over)
    {
        try
        {
            for (var before = 0; ;)
            {
                await Task.Delay(TimeSpan.FromSeconds(30), over);
                Print(string.Create(CultureInfo.InvariantCulture, $"  {readings.Acknowledged.Count:N0} acknowledged ({(readings.Acknowledged.Count - before) / 30:N0}/s), {sink.Prompt.Told.Count:N0} told"));
                before = readings.Acknowledged.Count;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Until nothing is left to be followed and nothing more is told.</summary>
    private static async Task DrainAsync(BenchStore store, IReadOnlyList<Inbox> inboxes)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < _longestWait)
        {
            var told = inboxes.Sum(inbox => inbox.Received);
            await Task.Delay(_quiet);
            if (told == inboxes.Sum(inbox => inbox.Received) && await CountAsync(store, Waiting) == 0)
            {
                return;
            }
        }

        Print($"NOT DRAINED after {_longestWait.TotalMinutes:N0} minutes");
    }

    private static async Task CheckAsync(BenchStore store, Readings readings, IReadOnlyList<Inbox> inboxes)
    {
        var stored = await PairsAsync(store, """
            SELECT j #>> '{identifier,0,value}', id FROM (SELECT id, convert_from(raw, 'UTF8')::jsonb AS j FROM resource WHERE NOT deleted AND raw <> '') r
            WHERE j ->> 'resourceType' = 'Observation' AND j #>> '{identifier,0,system}' = 'urn:bench:endurance'
            """);
        var ids = stored.ToLookup(row => row.Key, row => row.Value);
        var lost = readings.Acknowledged.Keys.Count(name => !ids.Contains(name));
        var doubled = ids.Count(group => group.Count() > 1);
        Print($"stored {stored.Count:N0}; acknowledged and not stored: {lost}; stored more than once: {doubled}");

        var alerts = await PairsAsync(store, """
            SELECT value, id FROM (SELECT id, convert_from(raw, 'UTF8')::jsonb AS j FROM resource WHERE NOT deleted AND raw <> '') r,
              LATERAL (SELECT j #>> '{focus,reference}' AS value UNION ALL SELECT i #>> '{valueReference,reference}' FROM jsonb_array_elements(COALESCE(j -> 'input', '[]')) i) named
            WHERE j ->> 'resourceType' = 'Task' AND value LIKE 'Observation/%'
            """);
        var alerted = alerts.GroupBy(row => row.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var breaches = stored.Where(row => Readings.IsBreach(row.Key)).Select(row => $"Observation/{row.Value}").ToHashSet(StringComparer.Ordinal);
        Print($"breaches {breaches.Count:N0}; in no alert: {breaches.Count(one => !alerted.ContainsKey(one))}; in more than one: {breaches.Count(one => alerted.GetValueOrDefault(one) > 1)}; "
            + $"alerts of what is no breach: {alerted.Keys.Count(one => !breaches.Contains(one))}; tasks {alerts.Select(row => row.Value).Distinct().Count():N0}");
        foreach (var inbox in inboxes)
        {
            Print($"{inbox.Name}: breaches told {breaches.Count(inbox.Told.ContainsKey):N0} of {breaches.Count:N0}; notifications {inbox.Received:N0}, "
                + $"events {inbox.Events:N0}, of them told before {inbox.Repeated:N0}, out of order {inbox.OutOfOrder:N0}, refused {inbox.Refused:N0}");
            var waits = new List<double>();
            foreach (var (name, acknowledged) in readings.Acknowledged)
            {
                if (Readings.IsBreach(name) && ids[name].FirstOrDefault() is { } id && inbox.Told.TryGetValue($"Observation/{id}", out var told))
                {
                    waits.Add((told - acknowledged) * 1000.0 / Stopwatch.Frequency);
                }
            }

            waits.Sort();
            if (waits.Count > 0)
            {
                double At(double share) => waits[(int)((waits.Count - 1) * share)];
                Print(string.Create(CultureInfo.InvariantCulture, $"  acknowledged -> told: p50 {At(0.5):N0} ms, p95 {At(0.95):N0} ms, p99 {At(0.99):N0} ms, longest {At(1):N0} ms"));
            }
        }
    }

    private static async Task<List<KeyValuePair<string, string>>> PairsAsync(BenchStore store, string sql)
    {
        var rows = new List<KeyValuePair<string, string>>();
        await using var connection = new NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(new(reader.GetString(0), reader.GetString(1)));
        }

        return rows;
    }

    private static async Task<long> CountAsync(BenchStore store, string sql)
    {
        await using var connection = new NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static void Print(string line) => Console.WriteLine(line);
}
