using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace TeleFhir.Bench.Stores;

/// <summary>The least that storing can cost: a key and bytes, durably, in a table without another index.</summary>
internal sealed class RawTable : IAsyncDisposable
{
    private readonly NpgsqlDataSource? _postgres;
    private readonly SqliteConnection? _sqlite;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private long _key;

    private RawTable(NpgsqlDataSource? postgres, SqliteConnection? sqlite) => (_postgres, _sqlite) = (postgres, sqlite);

    public static async Task<RawTable> CreateAsync(BenchStore store)
    {
        if (store.IsPostgres)
        {
            await Loader.ExecuteAsync(store.Settings.ConnectionString, "CREATE TABLE raw_row (key bigint PRIMARY KEY, raw bytea NOT NULL)");
            return new(
                NpgsqlDataSource.Create(store.Settings.ConnectionString + ";Max Auto Prepare=10;Auto Prepare Min Usages=2;No Reset On Close=true"),
                null);
        }

        var connection = new SqliteConnection(store.Settings.ConnectionString + ".raw");
        await connection.OpenAsync();
        await using var create = new SqliteCommand(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; "
            + "CREATE TABLE raw_row (key INTEGER PRIMARY KEY, raw BLOB NOT NULL)", connection);
        await create.ExecuteNonQueryAsync();
        return new(null, connection);
    }

    /// <summary>One commit.</summary>
    public Task InsertAsync(ArraySegment<byte[]> rows) => _postgres is null ? InsertSqliteAsync(rows) : InsertPostgresAsync(_postgres, rows);

    public async ValueTask DisposeAsync()
    {
        _writing.Dispose();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        if (_sqlite is not null)
        {
            await _sqlite.DisposeAsync();
        }
    }

    private async Task InsertPostgresAsync(NpgsqlDataSource source, ArraySegment<byte[]> rows)
    {
        await using var connection = await source.OpenConnectionAsync();
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
        await _writing.WaitAsync();
        try
        {
            await using var transaction = _sqlite!.BeginTransaction();
            await using var command = new SqliteCommand("INSERT INTO raw_row VALUES (@key, @raw)", _sqlite, transaction);
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
        finally
        {
            _writing.Release();
        }
    }
}
