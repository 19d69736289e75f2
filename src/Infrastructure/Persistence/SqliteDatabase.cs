using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// SQLite in WAL mode: any number of readers, one writer. Every commit is on disk before it is acknowledged (<c>synchronous=FULL</c>).
/// </summary>
internal sealed class SqliteDatabase : Database
{
    private const int FewValues = 16;

    private readonly ConcurrentBag<SqliteSlot> _readers = [];
    private readonly KnownCodes _codes = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly string _connectionString;
    private SqliteSlot? _writer;

    public SqliteDatabase(string connectionString)
    {
        // Connections are kept here with their prepared statements; the driver's own pool would forget those.
        _connectionString = new SqliteConnectionStringBuilder(connectionString) { Pooling = false, DefaultTimeout = 30 }.ConnectionString;
    }

    public override string Fence => "";

    public override string ShareLock => "";

    public override string PositionFunction => "instr";

    public override int AppendWriters => 1;

    public override string WordsKey => "rowid";

    public override ValueTask<Session> OpenAsync(CancellationToken cancellationToken)
    {
        var slot = _readers.TryTake(out var free) ? free : new SqliteSlot(_connectionString);
        return ValueTask.FromResult<Session>(new SqliteSession(slot, inTransaction: false, _codes, () => _readers.Add(slot)));
    }

    public override ValueTask<Session> SnapshotAsync(CancellationToken cancellationToken)
    {
        var slot = _readers.TryTake(out var free) ? free : new SqliteSlot(_connectionString);
        slot.Execute("BEGIN");
        return ValueTask.FromResult<Session>(new SqliteSession(slot, inTransaction: true, _codes, () => _readers.Add(slot)));
    }

    public override async ValueTask<Session> BeginAsync(bool appends, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _writer ??= new SqliteSlot(_connectionString);

            // IMMEDIATE takes the write lock now: what is read in this transaction cannot be overtaken by another process either.
            _writer.Execute("BEGIN IMMEDIATE");
            return new SqliteSession(_writer, inTransaction: true, _codes, () => _writing.Release());
        }
        catch
        {
            _writing.Release();
            throw;
        }
    }

    /// <summary>A file has one server, and within it one feed.</summary>
    public override async ValueTask<Session?> TryLeadAsync(string guard, CancellationToken cancellationToken) => await OpenAsync(cancellationToken);

    // One value holds a long list: SQLite takes no more than 32,766, and lists of any length have one text to prepare.
    public override string AnyOf(string column, IReadOnlyList<long> values, SqlText sql) => values.Count switch
    {
        1 => $"{column} = {sql.Value(values[0])}",
        <= FewValues => $"{column} IN ({string.Join(", ", values.Select(value => sql.Value(value)))})",
        _ => $"{column} IN (SELECT value FROM json_each({sql.Value($"[{string.Join(',', values)}]")}))",
    };

    public override string AmongFew(string column, string query) => $"{column} IN ({query})";

    public override string Typed(string name, object value) => name;

    public override string JoinRows(string alias, string key) => $" JOIN resource {alias} ON {alias}.key = {key}";

    public override string WithWords(string table, IEnumerable<IReadOnlyList<(string Word, bool IsStart)>> alternatives, SqlText sql)
    {
        var query = string.Join(" OR ", alternatives.Select(words =>
            $"({string.Join(" AND ", words.Select(word => $"\"{word.Word}\"{(word.IsStart ? " *" : "")}"))})"));
        return $"SELECT {table}.rowid FROM {table} WHERE {table} MATCH {sql.Value(query)}";
    }

    public override bool IsRace(Exception exception) => exception is SqliteException
    {
        SqliteErrorCode: 5 or 6, // SQLITE_BUSY, SQLITE_LOCKED
    } or SqliteException { SqliteExtendedErrorCode: 1555 or 2067 }; // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE

    /// <summary>SQLite plans without statistics of values; an estimate costs as much as the count itself.</summary>
    public override async Task<long> EstimateAsync(Session session, SqlText query, CancellationToken cancellationToken)
    {
        var count = new SqlText().Append($"SELECT count(*) FROM ({query}) q");
        count.Parameters.AddRange(query.Parameters);
        return (await session.QueryAsync(count, row => row.GetInt64(0), cancellationToken))[0];
    }

    public override ValueTask DisposeAsync()
    {
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }

        _writer?.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A connection and the statements prepared on it.</summary>
internal sealed class SqliteSlot : IDisposable
{
    private const int MostStatements = 200;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _statements = new(StringComparer.Ordinal);

    public SqliteSlot(string connectionString)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000; PRAGMA foreign_keys=OFF; "
            + "PRAGMA cache_size=-65536; PRAGMA mmap_size=1073741824; PRAGMA wal_autocheckpoint=4000; PRAGMA temp_store=MEMORY;");
    }

    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Ends the transaction without effect; some errors have ended it already.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>The prepared statement of this text without parameters; its user must be done before anybody asks for it again.</summary>
    public SqliteCommand Prepared(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
        {
            statement.Parameters.Clear();
            return statement;
        }

        if (_statements.Count >= MostStatements)
        {
            foreach (var old in _statements.Values)
            {
                old.Dispose();
            }

            _statements.Clear();
        }

        statement = _connection.CreateCommand();
        statement.CommandText = sql;
        _statements.Add(sql, statement);
        return statement;
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }
}

internal sealed class SqliteSession(SqliteSlot slot, bool inTransaction, KnownCodes codes, Action release) : Session
{
    private bool _committed;

    /// <summary>There is one writer; whoever is in the transaction holds every guard.</summary>
    public override Task LockAsync(IEnumerable<string> guards, CancellationToken cancellationToken) => Task.CompletedTask;

    public override async Task<Dictionary<long, ResourceRow>> LoadForUpdateAsync(
        IReadOnlyList<long> idHashes, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<long, ResourceRow>();
        var command = slot.Prepared($"SELECT {Tables.Resource.ColumnNames} FROM resource WHERE id_hash = @id");
        var id = command.Parameters.Add("@id", SqliteType.Integer);
        foreach (var idHash in idHashes)
        {
            id.Value = idHash;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                rows[idHash] = reader.ReadResourceRow();
            }
        }

        return rows;
    }

    public override Task CommitAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        var added = codes.MissingOf(batch);
        if (batch.ChangedResources.Count > 0)
        {
            foreach (var table in Tables.OfIndex)
            {
                var delete = slot.Prepared($"DELETE FROM {table} WHERE key = @key");
                var key = delete.Parameters.Add("@key", SqliteType.Integer);
                foreach (var row in batch.ChangedResources)
                {
                    key.Value = row.Key;
                    delete.ExecuteNonQuery();
                }
            }

            Delete(FullText.Narrative, batch.ChangedResources);
            Delete(FullText.Content, batch.ChangedResources);
        }

        foreach (var vacated in batch.Vacated)
        {
            var delete = slot.Prepared($"DELETE FROM {OccupancyTable.Table.Name} WHERE key = @key");
            delete.Parameters.AddWithValue("@key", vacated);
            delete.ExecuteNonQuery();
        }

        foreach (var unlinked in batch.Unlinked)
        {
            var delete = slot.Prepared($"DELETE FROM {VisitLinkTable.Table.Name} WHERE key = @key");
            delete.Parameters.AddWithValue("@key", unlinked);
            delete.ExecuteNonQuery();
        }

        foreach (var appointment in batch.Unreminded)
        {
            var delete = slot.Prepared($"{ReminderTable.Forget}@appointment");
            delete.Parameters.AddWithValue("@appointment", appointment);
            delete.ExecuteNonQuery();
        }

        foreach (var (table, id) in batch.Unsubscribed.SelectMany(id => SubscriptionTables.All.Select(table => (table, id))))
        {
            var delete = slot.Prepared($"DELETE FROM {table} WHERE id = @id");
            delete.Parameters.AddWithValue("@id", id);
            delete.ExecuteNonQuery();
        }

        Insert(ReadingTable.Table, ReadingTable.InOrder(batch.Readings));
        Insert(ReadingTable.Table, ReadingTable.InOrder(batch.NotedReadings), conflict: " ON CONFLICT DO NOTHING");
        Insert(Tables.Resource, batch.NewResources);
        Insert(Tables.Resource, batch.ChangedResources, upsert: true);
        Insert(Tables.History, batch.History);
        Insert(Tables.Token, batch.Tokens);
        Insert(Tables.TokenCode, added, conflict: " ON CONFLICT DO NOTHING");
        Insert(Tables.Reference, batch.References);
        Insert(Tables.Date, batch.Dates);
        Insert(Tables.Quantity, batch.Quantities);
        Insert(Tables.String, batch.Strings);
        Insert(Tables.ConsentRule, batch.ConsentRules);
        Insert(OccupancyTable.Table, batch.Occupancy);
        Insert(ReminderTable.Table, batch.Reminders);
        Insert(VisitLinkTable.Table, batch.Links, upsert: true);
        Insert(ReceiptTable.Table, batch.Receipts, upsert: true);
        Insert(SubscriptionTables.Subscription, batch.Subscriptions, upsert: true);
        Insert(SubscriptionTables.Delivery, batch.SubscriptionDeliveries, conflict: " ON CONFLICT DO NOTHING");
        Insert(SubscriptionTables.Feed, batch.SubscriptionFeeds, upsert: true);
        Insert(SubscriptionTables.Event, batch.SubscriptionEvents);
        Insert(BlobTable.Table, batch.Blobs, conflict: BlobTable.Conflict);
        Insert(FullText.Narrative, batch.Narratives);
        Insert(FullText.Content, batch.Contents);
        Insert(Tables.Outbox, batch.Outbox);
        Insert(Tables.Import, batch.Imports, upsert: true);
        Insert(Tables.Reindex, batch.Reindexes, upsert: true);
        Insert(Tables.Revocation, batch.Revocations);
        Insert(Tables.AuditIntake, batch.AuditIntake);
        Insert(Tables.AuditLog, batch.AuditLog);
        Insert(Tables.AuditChain, batch.AuditChains, upsert: true);
        Insert(Tables.AuditProgress, batch.AuditProgress, upsert: true);
        Insert(Tables.EmergencyAccess, batch.EmergencyAccess, upsert: true);
        slot.Execute("COMMIT");
        _committed = true;
        codes.Add(added);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        if (inTransaction && !_committed)
        {
            slot.Rollback();
        }

        release();
        return ValueTask.CompletedTask;
    }

    public override async ValueTask<T?> FindAsync<T>(Statement statement, long key, Func<DbDataReader, T> read, CancellationToken cancellationToken)
        where T : default
    {
        var command = slot.Prepared(statement.Text);
        command.Parameters.AddWithValue("$1", key);
        foreach (var (name, value) in statement.Others)
        {
            command.Parameters.AddWithValue(name, value);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? read(reader) : default;
    }

    protected override DbCommand Rent(SqlText sql)
    {
        var command = slot.Prepared(sql.ToString());
        foreach (var (name, value) in sql.Parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    /// <summary>It stays prepared for the next user of the connection.</summary>
    protected override ValueTask ReturnAsync(DbCommand command) => ValueTask.CompletedTask;

    private void Delete(string table, List<ResourceRow> resources)
    {
        var delete = slot.Prepared($"DELETE FROM {table} WHERE rowid = @key");
        var key = delete.Parameters.Add("@key", SqliteType.Integer);
        foreach (var row in resources)
        {
            key.Value = row.Key;
            delete.ExecuteNonQuery();
        }
    }

    private void Insert(string table, List<WordsRow> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var insert = slot.Prepared($"INSERT INTO {table} (rowid, words) VALUES (@key, @words)");
        var key = insert.Parameters.Add("@key", SqliteType.Integer);
        var words = insert.Parameters.Add("@words", SqliteType.Text);
        foreach (var row in rows)
        {
            (key.Value, words.Value) = (row.Key, row.Words);
            insert.ExecuteNonQuery();
        }
    }

    private void Insert<TRow>(Table<TRow> table, List<TRow> rows, bool upsert = false, string conflict = "")
    {
        if (rows.Count == 0)
        {
            return;
        }

        var text = $"INSERT INTO {table.Name} ({table.ColumnNames}) VALUES ({string.Join(", ", table.Columns.Select(column => "@" + column.Name))}){conflict}";
        if (upsert)
        {
            text += $" ON CONFLICT ({table.Columns[0].Name}) DO UPDATE SET "
                + string.Join(", ", table.Columns.Skip(1).Select(column => $"{column.Name} = excluded.{column.Name}"));
        }

        var command = slot.Prepared(text);
        foreach (var column in table.Columns)
        {
            command.Parameters.AddWithValue("@" + column.Name, DBNull.Value);
        }

        foreach (var row in rows)
        {
            for (var i = 0; i < table.Columns.Count; i++)
            {
                command.Parameters[i].Value = table.Columns[i].ValueOf(row);
            }

            command.ExecuteNonQuery();
        }
    }
}
