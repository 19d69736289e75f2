using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
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

    /// <summary>A key and bytes.</summary>
    private sealed class RawTable(NpgsqlDataSource? postgres, SqliteConnection? sqlite) : IAsyncDisposable
    {
        private long _key;

        public static async Task<RawTable> CreateAsync(BenchStore store)
        {
            if (store.IsPostgres)
            {
                await Loader.ExecuteAsync(store.Settings.ConnectionString, "CREATE TABLE raw_row (key bigint PRIMARY KEY, raw bytea NOT NULL)");
                return new(NpgsqlDataSource.Create(store.Settings.ConnectionString + ";Max Auto Prepare=10;Auto Prepare Min Usages=2"), null);
            }

            var connection = new SqliteConnection(store.Settings.ConnectionString + ".raw");
            await connection.OpenAsync();
            await using var create = new SqliteCommand(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; CREATE TABLE raw_row (key INTEGER PRIMARY KEY, raw BLOB NOT NULL)",
                connection);
            await create.ExecuteNonQueryAsync();
            return new(null, connection);
        }

        public Task InsertAsync(ArraySegment<byte[]> rows) => postgres is null ? InsertSqliteAsync(rows) : InsertPostgresAsync(rows);

        public async ValueTask DisposeAsync()
        {
            if (postgres is not null)
            {
                await postgres.DisposeAsync();
            }

            if (sqlite is not null)
            {
                await sqlite.DisposeAsync();
            }
        }

        private async Task InsertPostgresAsync(ArraySegment<byte[]> rows)
        {
            await using var connection = await postgres!.OpenConnectionAsync();
            await using var command = new NpgsqlCommand(
                rows.Count == 1 ? "INSERT INTO raw_row VALUES ($1, $2)" : "INSERT INTO raw_row SELECT * FROM unnest($1, $2)", connection);
            var last = Interlocked.Add(ref _key, rows.Count);
            if (rows.Count == 1)
            {
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = last });
                command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = rows[0] });
            }
            else
            {
                command.Parameters.Add(new NpgsqlParameter
                {
                    Value = Enumerable.Range(0, rows.Count).Select(at => last - at).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
                });
                command.Parameters.Add(new NpgsqlParameter { Value = rows.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
            }

            await command.ExecuteNonQueryAsync();
        }

        private async Task InsertSqliteAsync(ArraySegment<byte[]> rows)
        {
            await using var transaction = (SqliteTransaction)await sqlite!.BeginTransactionAsync();
            await using var command = new SqliteCommand("INSERT INTO raw_row VALUES (@key, @raw)", sqlite, transaction);
            var key = command.Parameters.Add("@key", SqliteType.Integer);
            var bytes = command.Parameters.Add("@raw", SqliteType.Blob);
            foreach (var row in rows)
            {
                key.Value = ++_key;
                bytes.Value = row;
                await command.ExecuteNonQueryAsync();
            }

            await transaction.CommitAsync();
        }
    }
}
