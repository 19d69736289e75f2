using System.Collections.Immutable;
using System.Data.Common;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Changes;

/// <summary>Reads and takes the rows that commits leave for followers.</summary>
internal static class Outbox
{
    /// <summary>
    /// The next rows. Sequences are given before commits are made, so lower ones can come later; but never of the same resource, whose row the
    /// writer holds while it takes its sequence. As rows go when they are taken, none is passed over either.
    /// </summary>
    public static async Task<List<OutboxRow>> WaitingAsync(Session session, int most, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append("SELECT sequence, key, version, method, type, event FROM outbox ORDER BY sequence LIMIT ").Append(sql.Value(most));
        return await session.QueryAsync(
            sql,
            row => new OutboxRow
            {
                Sequence = row.GetInt64(0),
                Key = row.GetInt64(1),
                Version = row.GetInt32(2),
                Method = row.GetInt16(3),
                Type = row.GetInt16(4),
                Event = row.GetString(5),
            },
            cancellationToken);
    }

    /// <summary>What the rows stand for, in their order.</summary>
    public static async Task<ImmutableArray<CommittedChange>> ChangesAsync(Database database, Session session, IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        // Of each resource the current version, and from the history those that rows tell of and the ones before them.
        var keys = rows.Select(row => row.Key).Distinct().ToList();
        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns} FROM resource r WHERE {database.AnyOf("r.key", keys, sql)}");
        var versions = await ReadAsync(session, sql, cancellationToken);
        var current = versions.Keys.ToDictionary(version => version.Key, version => version.Version);
        var changed = rows.Where(row => row.Event.Length == 0 ? row.Version > 1 || current[row.Key] > 1 : current[row.Key] > row.Version).Select(row => row.Sequence).ToList();
        if (changed.Count > 0)
        {
            sql = new SqlText();
            sql.Append("SELECT v.key, v.type, r.id, v.version, v.updated, v.method, v.raw FROM outbox o")
                .Append(" JOIN history v ON v.key = o.key AND v.version IN (o.version, o.version - 1) JOIN resource r ON r.key = v.key")
                .Append($" WHERE {database.AnyOf("o.sequence", changed, sql)}");
            foreach (var (version, stored) in await ReadAsync(session, sql, cancellationToken))
            {
                versions[version] = stored;
            }
        }

        return
        [
            .. rows.Select(row => new CommittedChange(
                row.Sequence,
                row.Event,
                versions[(row.Key, row.Version)],
                row.Event.Length == 0 ? versions.GetValueOrDefault((row.Key, row.Version - 1)) : null)),
        ];
    }

    /// <summary>Takes the rows and writes what was made of them. False where another has taken some of them: then nothing is written.</summary>
    public static async Task<bool> TakeAsync(Database database, IReadOnlyList<OutboxRow> rows, RowBatch made, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        var sql = new SqlText();
        sql.Append($"DELETE FROM outbox WHERE {database.AnyOf("sequence", [.. rows.Select(row => row.Sequence)], sql)} RETURNING sequence");
        var taken = await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken);
        if (taken.Count != rows.Count)
        {
            return false;
        }

        await session.CommitAsync(made, cancellationToken);
        return true;
    }

    private static async Task<Dictionary<(long Key, int Version), StoredResource>> ReadAsync(Session session, SqlText sql, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(sql, Read, cancellationToken);
        return rows.DistinctBy(row => (row.Key, row.Stored.Key.Version)).ToDictionary(row => (row.Key, row.Stored.Key.Version!.Value), row => row.Stored);
    }

    private static (long Key, StoredResource Stored) Read(DbDataReader row) => (row.GetInt64(0), row.ReadStored());
}
