using System.Data;
using System.Data.Common;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>PostgreSQL 15 or later. Each table's rows go in as arrays, one statement per table and one round trip per commit.</summary>
internal sealed class PostgresDatabase(NpgsqlDataSource source) : Database
{
    private const string ShortStatements = "SET jit = off; SET max_parallel_workers_per_gather = 0";

    private readonly KnownCodes _codes = new();

    public override string Fence => " OFFSET 0";

    public override string ShareLock => " FOR SHARE OF r";

    public override string PositionFunction => "strpos";

    public override int AppendWriters => 4;

    public override string WordsKey => "key";

    public static PostgresDatabase For(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);

        // Every statement of the server has one of a few hundred shapes; preparing them halves the cost of short queries.
        if (settings.MaxAutoPrepare == 0)
        {
            settings.MaxAutoPrepare = 400;
            settings.AutoPrepareMinUsages = 3;
        }

        // Nothing of a session outlives it here (locks end with their transaction), so there is nothing to reset either.
        settings.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(settings.ConnectionString);

        // What a page reads is bounded by what the planner does not see: to compile such a statement or start workers for it takes longer than
        // to run it.
        source.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(ShortStatements, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(ShortStatements, connection);
                await command.ExecuteNonQueryAsync();
            });
        return new PostgresDatabase(source.Build());
    }

    public override async ValueTask<Session> OpenAsync(CancellationToken cancellationToken) =>
        new PostgresSession(await source.OpenConnectionAsync(cancellationToken), transaction: null, _codes);

    public override async ValueTask<Session> BeginAsync(bool appends, CancellationToken cancellationToken)
    {
        if (appends)
        {
            // A batch outside a transaction is one: all or nothing in a single round trip.
            return await OpenAsync(cancellationToken);
        }

        return await BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
    }

    public override ValueTask<Session> SnapshotAsync(CancellationToken cancellationToken) =>
        BeginAsync(IsolationLevel.RepeatableRead, cancellationToken);

    private async ValueTask<Session> BeginAsync(IsolationLevel isolation, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            return new PostgresSession(connection, await connection.BeginTransactionAsync(isolation, cancellationToken), _codes);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask<Session?> TryLeadAsync(string guard, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var lead = new PostgresLead(connection, StorageHash.Of(guard), _codes);
            if (await lead.TryLockAsync(cancellationToken))
            {
                return lead;
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    public override string AnyOf(string column, IReadOnlyList<long> values, SqlText sql) => values.Count == 1
        ? $"{column} = {sql.Value(values[0])}"
        : $"{column} = ANY({sql.Value(values.ToArray())})";

    public override string AmongFew(string column, string query) => $"{column} = ANY(ARRAY({query}))";

    public override string Typed(string name, object value) => value switch
    {
        long => $"CAST({name} AS bigint)",
        double => $"CAST({name} AS double precision)",
        _ => $"CAST({name} AS text) COLLATE \"C\"",
    };

    public override string JoinRows(string alias, string key) => $" CROSS JOIN LATERAL (SELECT {alias}0.key, {alias}0.type, {alias}0.id, {alias}0.id_hash, {alias}0.updated,"
        + $" {alias}0.deleted, {alias}0.rank, {alias}0.rank_high FROM resource {alias}0 WHERE {alias}0.key = {key} OFFSET 0) {alias}";

    public override string WithWords(string table, IEnumerable<IReadOnlyList<(string Word, bool IsStart)>> alternatives, SqlText sql)
    {
        // Words are letters and digits alone, so nothing in them can mean anything to the query.
        var query = string.Join(" | ", alternatives.Select(words =>
            $"({string.Join(" & ", words.Select(word => $"'{word.Word}'{(word.IsStart ? ":*" : "")}"))})"));
        return $"SELECT f.key FROM {table} f WHERE f.words @@ CAST({sql.Value(query)} AS tsquery)";
    }

    public override bool IsRace(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ExclusionViolation
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
    };

    public override async Task<long> EstimateAsync(Session session, SqlText query, CancellationToken cancellationToken)
    {
        var explain = new SqlText().Append("EXPLAIN (FORMAT JSON) ").Append(query.ToString());
        explain.Parameters.AddRange(query.Parameters);
        var plan = await session.QueryAsync(explain, row => row.GetString(0), cancellationToken);
        using var json = JsonDocument.Parse(plan[0]);
        return (long)json.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetDouble();
    }

    public override ValueTask DisposeAsync() => source.DisposeAsync();
}

internal class PostgresSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, KnownCodes codes) : Session
{
    public override async Task LockAsync(IEnumerable<string> guards, CancellationToken cancellationToken)
    {
        // In one order for everybody, so that two transactions never wait for each other.
        foreach (var guard in guards.Select(StorageHash.Of).Distinct().Order())
        {
            await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1)", connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = guard });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public override async Task<Dictionary<long, ResourceRow>> LoadForUpdateAsync(
        IReadOnlyList<long> idHashes, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT {Tables.Resource.ColumnNames} FROM resource WHERE id_hash = ANY($1) ORDER BY id_hash FOR UPDATE", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. idHashes] });
        var rows = new Dictionary<long, ResourceRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = reader.ReadResourceRow();
            rows[row.IdHash] = row;
        }

        return rows;
    }

    public override async Task CommitAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        var added = codes.MissingOf(batch);
        await using (var statements = new NpgsqlBatch(connection, transaction))
        {
            if (batch.ChangedResources.Count > 0)
            {
                var keys = batch.ChangedResources.Select(row => row.Key).ToArray();
                foreach (var table in (string[])[.. Tables.OfIndex, FullText.Narrative, FullText.Content])
                {
                    statements.BatchCommands.Add(new NpgsqlBatchCommand($"DELETE FROM {table} WHERE key = ANY($1)")
                    {
                        Parameters = { new NpgsqlParameter<long[]> { TypedValue = keys } },
                    });
                }
            }

            if (batch.Vacated.Count > 0)
            {
                statements.BatchCommands.Add(new NpgsqlBatchCommand($"DELETE FROM {OccupancyTable.Table.Name} WHERE key = ANY($1)")
                {
                    Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. batch.Vacated] } },
                });
            }

            if (batch.Unlinked.Count > 0)
            {
                statements.BatchCommands.Add(new NpgsqlBatchCommand($"DELETE FROM {VisitLinkTable.Table.Name} WHERE key = ANY($1)")
                {
                    Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. batch.Unlinked] } },
                });
            }

            if (batch.Unreminded.Count > 0)
            {
                statements.BatchCommands.Add(new NpgsqlBatchCommand($"{ReminderTable.Forget}ANY($1)")
                {
                    Parameters = { new NpgsqlParameter<string[]> { TypedValue = [.. batch.Unreminded] } },
                });
            }

            foreach (var table in batch.Unsubscribed.Count > 0 ? SubscriptionTables.All : [])
            {
                statements.BatchCommands.Add(new NpgsqlBatchCommand($"DELETE FROM {table} WHERE id = ANY($1)")
                {
                    Parameters = { new NpgsqlParameter<string[]> { TypedValue = [.. batch.Unsubscribed] } },
                });
            }

            Insert(statements, ReadingTable.Table, ReadingTable.InOrder(batch.Readings));
            Insert(statements, ReadingTable.Table, ReadingTable.InOrder(batch.NotedReadings), conflict: " ON CONFLICT DO NOTHING");
            Insert(statements, Tables.Resource, batch.NewResources);
            Insert(statements, Tables.Resource, batch.ChangedResources, upsert: true);
            Insert(statements, Tables.History, batch.History);
            Insert(statements, Tables.Token, batch.Tokens);
            Insert(statements, Tables.TokenCode, added, conflict: " ON CONFLICT DO NOTHING");
            Insert(statements, Tables.Reference, batch.References);
            Insert(statements, Tables.Date, batch.Dates);
            Insert(statements, Tables.Quantity, batch.Quantities);
            Insert(statements, Tables.String, batch.Strings);
            Insert(statements, Tables.ConsentRule, batch.ConsentRules);
            Insert(statements, OccupancyTable.Table, batch.Occupancy);
            Insert(statements, ReminderTable.Table, batch.Reminders);
            Insert(statements, VisitLinkTable.Table, batch.Links, upsert: true);
            Insert(statements, ReceiptTable.Table, batch.Receipts, upsert: true);
            Insert(statements, SubscriptionTables.Subscription, batch.Subscriptions, upsert: true);
            Insert(statements, SubscriptionTables.Delivery, batch.SubscriptionDeliveries, conflict: " ON CONFLICT DO NOTHING");
            Insert(statements, SubscriptionTables.Feed, batch.SubscriptionFeeds, upsert: true);
            Insert(statements, SubscriptionTables.Event, batch.SubscriptionEvents);
            Insert(statements, BlobTable.Table, batch.Blobs, conflict: BlobTable.Conflict);
            Insert(statements, FullText.Narrative, batch.Narratives);
            Insert(statements, FullText.Content, batch.Contents);
            Insert(statements, Tables.Outbox, batch.Outbox);
            Insert(statements, Tables.Import, batch.Imports, upsert: true);
            Insert(statements, Tables.Reindex, batch.Reindexes, upsert: true);
            Insert(statements, Tables.Revocation, batch.Revocations);
            Insert(statements, Tables.AuditIntake, batch.AuditIntake);
            Insert(statements, Tables.AuditLog, batch.AuditLog);
            Insert(statements, Tables.AuditChain, batch.AuditChains, upsert: true);
            Insert(statements, Tables.AuditProgress, batch.AuditProgress, upsert: true);
            Insert(statements, Tables.EmergencyAccess, batch.EmergencyAccess, upsert: true);
            await statements.ExecuteNonQueryAsync(cancellationToken);
        }

        // From here on the outcome must be known: a cancelled commit could be either.
        if (transaction is not null)
        {
            await transaction.CommitAsync(CancellationToken.None);
        }

        codes.Add(added);
    }

    public override async ValueTask DisposeAsync()
    {
        if (transaction is not null)
        {
            await transaction.DisposeAsync();
        }

        await connection.DisposeAsync();
    }

    public override async ValueTask<T?> FindAsync<T>(Statement statement, long key, Func<DbDataReader, T> read, CancellationToken cancellationToken)
        where T : default
    {
        await using var command = new NpgsqlCommand(statement.Text, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
        foreach (var (_, value) in statement.Others)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? read(reader) : default;
    }

    protected override DbCommand Rent(SqlText sql)
    {
        var command = new NpgsqlCommand(sql.ToString(), connection, transaction);
        foreach (var (_, value) in sql.Parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    protected override ValueTask ReturnAsync(DbCommand command) => command.DisposeAsync();

    private static void Insert(NpgsqlBatch statements, string table, List<WordsRow> rows)
    {
        if (rows.Count > 0)
        {
            statements.BatchCommands.Add(new NpgsqlBatchCommand(
                $"INSERT INTO {table} (key, words) SELECT key, array_to_tsvector(string_to_array(words, ' ')) FROM unnest($1, $2) AS given (key, words)")
            {
                Parameters =
                {
                    new NpgsqlParameter<long[]> { TypedValue = [.. rows.Select(row => row.Key)] },
                    new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Words)] },
                },
            });
        }
    }

    private static void Insert<TRow>(NpgsqlBatch statements, Table<TRow> table, List<TRow> rows, bool upsert = false, string conflict = "")
    {
        if (rows.Count == 0)
        {
            return;
        }

        var arrays = string.Join(", ", Enumerable.Range(1, table.Columns.Count).Select(at => $"${at}"));
        var text = $"INSERT INTO {table.Name} ({table.ColumnNames}) SELECT * FROM unnest({arrays}){conflict}";
        if (upsert)
        {
            text += $" ON CONFLICT ({table.Columns[0].Name}) DO UPDATE SET "
                + string.Join(", ", table.Columns.Skip(1).Select(column => $"{column.Name} = excluded.{column.Name}"));
        }

        var statement = new NpgsqlBatchCommand(text);
        foreach (var column in table.Columns)
        {
            statement.Parameters.Add(new NpgsqlParameter { Value = column.ValuesOf(rows), NpgsqlDbType = NpgsqlDbType.Array | column.Type });
        }

        statements.BatchCommands.Add(statement);
    }
}

/// <summary>A connection with a lock of its own, which ends with it.</summary>
internal sealed class PostgresLead(NpgsqlConnection connection, long guard, KnownCodes codes) : PostgresSession(connection, transaction: null, codes)
{
    private readonly NpgsqlConnection _connection = connection;

    public async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        await using var command = Lock("SELECT pg_try_advisory_lock($1)");
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public override async ValueTask DisposeAsync()
    {
        // The connection goes back to the others, and is not reset.
        if (_connection.State == ConnectionState.Open)
        {
            await using var command = Lock("SELECT pg_advisory_unlock($1)");
            await command.ExecuteScalarAsync();
        }

        await base.DisposeAsync();
    }

    private NpgsqlCommand Lock(string sql) => new(sql, _connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = guard } } };
}
