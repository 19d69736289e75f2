using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>One small part of an index, in the transaction of a session: what is read there is locked until the rows are written.</summary>
internal sealed class ReindexBatch(IndexWriter indexWriter)
{
    private const int Size = 200;

    private static readonly string[] _tables =
        [Tables.Token.Name, Tables.Reference.Name, Tables.Date.Name, Tables.Quantity.Name, Tables.String.Name];

    /// <summary>Does the part and notes in the batch how far the job is.</summary>
    /// <param name="session">In a write transaction.</param>
    /// <param name="batch">To be committed by whoever calls.</param>
    /// <param name="job">How far it is.</param>
    /// <param name="definition">What it is of; null for the index of everything, and for rows whose definition is gone or another.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task DoAsync(
        Session session, RowBatch batch, ReindexRow job, StoredDefinition? definition, CancellationToken cancellationToken)
    {
        if (job.Key != ReindexRow.Everything && definition is null)
        {
            await RemoveAsync(session, job, cancellationToken);
            return;
        }

        var found = await NextAsync(session, job, cancellationToken);
        var rows = await session.LoadForUpdateAsync([.. found.Select(one => one.IdHash)], cancellationToken);
        if (definition is not null)
        {
            await DeleteAsync(session, job, [.. found.Select(one => one.Key)], cancellationToken);
        }

        foreach (var row in rows.Values.Where(row => !row.Deleted))
        {
            Index(batch, row, definition);
        }

        batch.Reindexes.Add(new ReindexRow
        {
            Key = job.Key,
            Version = job.Version,
            Code = job.Code,
            Types = job.Types,
            State = (short)(found.Count < Size ? ReindexState.Ready : ReindexState.Running),
            Done = found.Count == 0 ? job.Done : found[^1].Key,
            Indexed = job.Indexed + rows.Count,
        });
    }

    private void Index(RowBatch batch, ResourceRow row, StoredDefinition? definition)
    {
        try
        {
            var resource = FhirJson.Parse(row.Raw);
            if (definition is not null)
            {
                indexWriter.WriteCustom(batch, row, resource, definition.Code);
                return;
            }

            var rows = new RowBatch();
            indexWriter.Write(rows, row, resource);
            batch.Add(rows);
            batch.ChangedResources.Add(row);
        }
        catch (FhirException)
        {
            // What an earlier version of the server took and this one does not stays indexed as it is; the check names it.
        }
    }

    private static async Task<List<(long Key, long IdHash)>> NextAsync(Session session, ReindexRow job, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT key, id_hash FROM resource WHERE key > {sql.Value(job.Done)} AND NOT deleted");
        if (job.Types.Length > 0)
        {
            var types = job.Types.Split(',').Select(type => sql.Value(ResourceCatalog.NumberOf(type)));
            sql.Append($" AND type IN ({string.Join(", ", types)})");
        }

        sql.Append(FormattableString.Invariant($" ORDER BY key LIMIT {Size}"));
        return await session.QueryAsync(sql, row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken);
    }

    /// <summary>Rows that a server has written already would be there twice.</summary>
    private static async Task DeleteAsync(Session session, ReindexRow job, List<long> keys, CancellationToken cancellationToken)
    {
        foreach (var table in keys.Count == 0 ? [] : _tables)
        {
            var sql = new SqlText();
            sql.Append($"DELETE FROM {table} WHERE key IN ({string.Join(", ", keys.Select(key => sql.Value(key)))})")
                .Append($" AND param IN ({Numbers(job, sql)}) RETURNING key");
            await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken);
        }
    }

    /// <summary>Removes some of the rows; once there are none, the job itself.</summary>
    private static async Task RemoveAsync(Session session, ReindexRow job, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var table in job.Types.Length == 0 ? [] : _tables)
        {
            var sql = new SqlText();
            var numbers = Numbers(job, sql);
            sql.Append($"DELETE FROM {table} WHERE param IN ({numbers})")
                .Append(FormattableString.Invariant($" AND key IN (SELECT key FROM {table} WHERE param IN ({numbers}) LIMIT {5 * Size}) RETURNING key"));
            removed += (await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken)).Count;
        }

        if (removed == 0)
        {
            var sql = new SqlText();
            sql.Append($"DELETE FROM reindex WHERE key = {sql.Value(job.Key)} RETURNING key");
            await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken);
        }
    }

    private static string Numbers(ReindexRow job, SqlText sql) =>
        string.Join(", ", CustomDefinition.NumbersOf(job.Code, job.Types.Split(',')).Select(number => sql.Value(number)));
}
