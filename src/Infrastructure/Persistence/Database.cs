using System.Collections.Immutable;
using System.Data.Common;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>One of the two databases: how to connect, how to write rows in bulk, and the few places where their SQL differs.</summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Keeps the planner from turning an EXISTS probe into a join over everything; empty where that does not happen.</summary>
    public abstract string Fence { get; }

    /// <summary>Behind a query of rows: keeps others from changing them until the transaction ends.</summary>
    public abstract string ShareLock { get; }

    /// <summary>Position of a text in a text, 1-based, 0 for none.</summary>
    public abstract string PositionFunction { get; }

    /// <summary>How many transactions that only append are worth running side by side.</summary>
    public abstract int AppendWriters { get; }

    /// <summary>A connection for reading, each statement in its own snapshot.</summary>
    public abstract ValueTask<Session> OpenAsync(CancellationToken cancellationToken);

    /// <summary>A connection for reading that sees one moment until it is closed; not to be kept for long, since it holds up tidying.</summary>
    public abstract ValueTask<Session> SnapshotAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A write transaction; rolled back unless committed. Where it <paramref name="appends"/>, nothing is read before the one batch is
    /// written, which then can be a transaction by itself.
    /// </summary>
    public abstract ValueTask<Session> BeginAsync(bool appends, CancellationToken cancellationToken);

    /// <summary>
    /// A connection for reading that no other process has under the same guard, until it is closed; null where one has it. A process that dies
    /// loses it.
    /// </summary>
    public abstract ValueTask<Session?> TryLeadAsync(string guard, CancellationToken cancellationToken);

    /// <summary>A condition that the column is one of the numbers.</summary>
    public abstract string AnyOf(string column, IReadOnlyList<long> values, SqlText sql);

    /// <summary>A condition that the column is one of what a query of few rows gives.</summary>
    public abstract string AmongFew(string column, string query);

    /// <summary>A sort value as a column of its own, whose type must be known before the value is.</summary>
    public abstract string Typed(string name, object value);

    /// <summary>Joins the row of each resource by its key, one after the other, however many the planner expects.</summary>
    public abstract string JoinRows(string alias, string key);

    /// <summary>The column of the storage key in the tables of words.</summary>
    public abstract string WordsKey { get; }

    /// <summary>A query for the storage keys of resources that have all the words of one of the alternatives.</summary>
    public abstract string WithWords(string table, IEnumerable<IReadOnlyList<(string Word, bool IsStart)>> alternatives, SqlText sql);

    /// <summary>Whether the error is a race lost to another writer, so that the same change set may succeed when tried again.</summary>
    public abstract bool IsRace(Exception exception);

    /// <summary>How many rows the planner expects of a query.</summary>
    public abstract Task<long> EstimateAsync(Session session, SqlText query, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A connection in use, perhaps inside a write transaction.</summary>
internal abstract class Session : IAsyncDisposable
{
    /// <summary>Until the transaction ends nobody else gets past the same guard.</summary>
    public abstract Task LockAsync(IEnumerable<string> guards, CancellationToken cancellationToken);

    /// <summary>The current rows of these resources, locked against other writers, by id hash.</summary>
    public abstract Task<Dictionary<long, ResourceRow>> LoadForUpdateAsync(IReadOnlyList<long> idHashes, CancellationToken cancellationToken);

    /// <summary>Writes all rows of the batch and commits: nothing is acknowledged before this returns.</summary>
    public abstract Task CommitAsync(RowBatch batch, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Reads the one row that a number is the key of; the default where there is none.</summary>
    public abstract ValueTask<T?> FindAsync<T>(Statement statement, long key, Func<DbDataReader, T> read, CancellationToken cancellationToken);

    /// <summary>Reads all rows of a query.</summary>
    public async Task<List<T>> QueryAsync<T>(SqlText sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        var command = Rent(sql);
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(read(reader));
            }
        }
        finally
        {
            await ReturnAsync(command);
        }

        return rows;
    }

    /// <summary>A command with its values, perhaps one that was prepared before.</summary>
    protected abstract DbCommand Rent(SqlText sql);

    protected abstract ValueTask ReturnAsync(DbCommand command);
}

/// <summary>A statement that is kept and run again for other rows.</summary>
/// <param name="Text">The text; <c>$1</c> is the key of the row.</param>
/// <param name="Others">The values from <c>$2</c> on, which stay.</param>
internal sealed record Statement(string Text, ImmutableArray<KeyValuePair<string, object>> Others)
{
    /// <summary>Keeps a statement whose first value is the key of a row.</summary>
    public static Statement Of(SqlText sql) => new(sql.ToString(), [.. sql.Parameters.Skip(1)]);
}
