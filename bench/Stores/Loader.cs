using System.Diagnostics;
using System.Text.Json;
using Hl7.Fhir.Serialization;
using Npgsql;
using TeleFhir.Bench.Population;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Stores;

/// <summary>Fills a store through its one write path, many resources to a commit.</summary>
internal static class Loader
{
    private const int PerCommit = 2000;

    // The town is known to be valid; what validation costs is measured elsewhere.
    private static readonly FhirJsonDeserializer _deserializer = new(new DeserializerSettings { Validator = null });

    /// <summary>Loads everything; the rate and the bytes on disk of the Observations.</summary>
    public static async Task<(double PerSecond, double BytesEach)> LoadAsync(BenchStore store, Town town, int writers)
    {
        writers = store.IsPostgres ? writers : 1;
        Task<double> StoreAsync(int count, Func<int, Written> make) => ManyAsync(count, PerCommit, writers, (from, most) =>
        {
            var changes = Enumerable.Range(from, most).Select(at => (Change)Create(make(at)));
            return store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []), CancellationToken.None);
        });
        await StoreAsync(town.Practitioners, Town.Practitioner);
        await StoreAsync(town.Patients, Town.Patient);
        await StoreAsync(town.Encounters, town.Encounter);
        await StoreAsync(town.Appointments, town.Appointment);
        var before = await SizeAsync(store);
        var rate = await StoreAsync(town.Observations, town.Observation);
        var bytes = await SizeAsync(store) - before;
        if (store.IsPostgres)
        {
            await ExecuteAsync(store.Settings.ConnectionString, "VACUUM ANALYZE", "CHECKPOINT");
        }

        return (rate, bytes / (double)town.Observations);
    }

    public static ResourceContent Parse(Written written)
    {
        var reader = new Utf8JsonReader(written.Json);
        return new(_deserializer.DeserializeResource(ref reader), written.Json);
    }

    public static CreateChange Create(Written written) => new(new ResourceKey(written.Type, written.Id), Parse(written));

    public static async Task ExecuteAsync(string connectionString, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Does the numbers from 0 in parts, several parts at a time; how many a second.</summary>
    public static async Task<double> ManyAsync(int count, int perPart, int writers, Func<int, int, Task> storeAsync)
    {
        var clock = Stopwatch.StartNew();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Add(ref next, perPart) - perPart is var from && from < count)
            {
                await storeAsync(from, Math.Min(perPart, count - from));
            }
        })));
        return count / clock.Elapsed.TotalSeconds;
    }

    private static async Task<long> SizeAsync(BenchStore store)
    {
        if (!store.IsPostgres)
        {
            var file = store.Settings.ConnectionString["Data Source=".Length..];
            return new FileInfo(file).Length + (File.Exists(file + "-wal") ? new FileInfo(file + "-wal").Length : 0);
        }

        await using var connection = new NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
