using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <inheritdoc cref="IConsistencyCheck" />
internal sealed class ConsistencyCheck(Database database, SearchParameterCatalog catalog, IndexWriter indexWriter) : IConsistencyCheck
{
    private const int PageSize = 200;
    private const int MostExamples = 50;

    /// <inheritdoc />
    public async Task<ConsistencyReport> RunAsync(CancellationToken cancellationToken)
    {
        var tally = new Tally();
        for (var (from, more) = (long.MinValue, true); more;)
        {
            await using var session = await database.SnapshotAsync(cancellationToken);
            var page = await ReadAsync(session, from, cancellationToken);
            more = page.Count == PageSize;

            // Pages cover all keys without a gap, so that rows of no resource are seen too.
            var to = more ? page[^1].Key : long.MaxValue;
            await CompareAsync(session, page, from, to, tally, cancellationToken);
            from = to;
        }

        return new ConsistencyReport(tally.Resources, tally.Versions, tally.IndexRows, tally.Faults, [.. tally.Examples]);
    }

    private static async Task<List<ResourceRow>> ReadAsync(Session session, long after, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {Tables.Resource.ColumnNames} FROM resource WHERE key > {sql.Value(after)} ORDER BY key LIMIT {PageSize}");
        return await session.QueryAsync(sql, row => row.ReadResourceRow(), cancellationToken);
    }

    private async Task CompareAsync(
        Session session, List<ResourceRow> page, long from, long to, Tally tally, CancellationToken cancellationToken)
    {
        var expected = new RowBatch();
        foreach (var row in page)
        {
            tally.Resources++;
            Check(row, expected, tally);
        }

        await RowsAsync(session, Tables.Token, expected.Tokens, from, to, tally, cancellationToken);
        await CodesAsync(session, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.Reference, expected.References, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.Date, expected.Dates, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.Quantity, expected.Quantities, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.String, expected.Strings, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.ConsentRule, expected.ConsentRules, from, to, tally, cancellationToken);
        await WordsAsync(session, FullText.Narrative, expected.Narratives, from, to, tally, cancellationToken);
        await WordsAsync(session, FullText.Content, expected.Contents, from, to, tally, cancellationToken);
        await VersionsAsync(session, page, from, to, tally, cancellationToken);
    }

    /// <summary>The order of codes knows every code; those that no resource has any more are no fault.</summary>
    private static async Task CodesAsync(Session session, long from, long to, Tally tally, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT d.key FROM ix_token d WHERE d.key > {sql.Value(from)} AND d.key <= {sql.Value(to)} AND NOT EXISTS")
            .Append(" (SELECT 1 FROM token_code c WHERE c.param = d.param AND c.code = d.code AND c.hash = d.hash)");
        foreach (var key in await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken))
        {
            tally.Fault($"token_code: a code of {key} is missing.");
        }
    }

    /// <summary>The words themselves cannot be read back from either database; whether a resource has any can.</summary>
    private async Task WordsAsync(
        Session session, string table, List<WordsRow> expected, long from, long to, Tally tally, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {database.WordsKey} FROM {table} WHERE {database.WordsKey} > {sql.Value(from)} AND {database.WordsKey} <= {sql.Value(to)}");
        var stored = (await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken)).ToHashSet();
        tally.IndexRows += stored.Count;
        foreach (var key in expected.Select(row => row.Key).Where(key => !stored.Remove(key)))
        {
            tally.Fault($"{table}: the words of {key} are missing.");
        }

        foreach (var key in stored)
        {
            tally.Fault($"{table}: words of {key} that its resource does not have.");
        }
    }

    /// <summary>The row agrees with its JSON; what the JSON is indexed as goes to the batch.</summary>
    private void Check(ResourceRow row, RowBatch expected, Tally tally)
    {
        var name = $"{ResourceCatalog.NameOf(row.Type)} {row.Key}";
        if (row.IdHash != StorageHash.OfReference(ResourceCatalog.NameOf(row.Type), row.Id))
        {
            tally.Fault($"{name}: the hash of its id is wrong.");
        }

        if (row.Deleted)
        {
            if (row.Raw.Length > 0)
            {
                tally.Fault($"{name}: it is deleted and has content.");
            }

            return;
        }

        try
        {
            var resource = FhirJson.Parse(row.Raw);
            if (resource.Id != row.Id || resource.VersionId != row.Version.ToString(CultureInfo.InvariantCulture)
                || resource.Meta?.LastUpdated?.UtcTicks != row.Updated)
            {
                tally.Fault($"{name}: id, version or time of the JSON is not that of the row.");
            }

            var again = new ResourceRow { Key = row.Key };
            indexWriter.Write(expected, again, resource);
            if ((again.Rank, again.RankHigh, again.Patient) != (row.Rank, row.RankHigh, row.Patient))
            {
                tally.Fault($"{name}: its place in time or its patient is wrong.");
            }
        }
        catch (FhirException)
        {
            tally.Fault($"{name}: the JSON cannot be read.");
        }
    }

    private async Task RowsAsync<TRow>(
        Session session, Table<TRow> table, List<TRow> expected, long from, long to, Tally tally, CancellationToken cancellationToken)
        where TRow : IndexRow
    {
        var wanted = expected.Where(row => !catalog.IsUnfinished(row.Param)).Select(row => Text(table.Columns.Select(column => column.ValueOf(row)))).ToHashSet(StringComparer.Ordinal);
        var sql = new SqlText();
        sql.Append($"SELECT {table.ColumnNames} FROM {table.Name} WHERE key > {sql.Value(from)} AND key <= {sql.Value(to)}");
        var stored = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Param: row.GetInt32(1), Text: Text(Values(row))), cancellationToken);
        tally.IndexRows += stored.Count;
        foreach (var (key, _, text) in stored.Where(row => !catalog.IsUnfinished(row.Param)))
        {
            if (!wanted.Remove(text))
            {
                tally.Fault($"{table.Name}: a row of {key} that its resource does not give.");
            }
        }

        foreach (var missing in wanted)
        {
            tally.Fault($"{table.Name}: a row of {missing[..missing.IndexOf('\u001f', StringComparison.Ordinal)]} is missing.");
        }
    }

    /// <summary>Old versions run from 1 to the one before the current; the outbox names only versions that are or were.</summary>
    private static async Task VersionsAsync(
        Session session, List<ResourceRow> page, long from, long to, Tally tally, CancellationToken cancellationToken)
    {
        var current = page.ToDictionary(row => row.Key);
        var sql = new SqlText();
        sql.Append($"SELECT key, version, type, updated, method, raw FROM history WHERE key > {sql.Value(from)} AND key <= {sql.Value(to)}")
            .Append(" ORDER BY key, version");
        var history = (await session.QueryAsync(
            sql,
            row => (Key: row.GetInt64(0), Version: row.GetInt32(1), Agrees: Agrees(row, current.GetValueOrDefault(row.GetInt64(0)))),
            cancellationToken)).ToLookup(row => row.Key);
        foreach (var versions in history)
        {
            tally.Versions += versions.Count();
            if (!current.ContainsKey(versions.Key))
            {
                tally.Fault($"history: versions of {versions.Key}, which is no resource.");
            }
            else if (versions.Any(version => !version.Agrees))
            {
                tally.Fault($"history: the JSON of a version of {versions.Key} is not that of its row.");
            }
        }

        foreach (var row in page.Where(row => !history[row.Key].Select(one => one.Version).SequenceEqual(Enumerable.Range(1, row.Version - 1))))
        {
            tally.Fault($"history: the versions of {row.Key} are not 1 to {row.Version - 1}.");
        }

        sql = new SqlText();
        sql.Append($"SELECT key, MIN(version), MAX(version) FROM outbox WHERE key > {sql.Value(from)} AND key <= {sql.Value(to)} GROUP BY key");
        var changes = await session.QueryAsync(
            sql, row => (Key: row.GetInt64(0), First: row.GetInt32(1), Last: row.GetInt32(2)), cancellationToken);
        foreach (var change in changes)
        {
            if (!current.TryGetValue(change.Key, out var row) || change.First < 1 || change.Last > row.Version)
            {
                tally.Fault($"outbox: a change of {change.Key} that was not made.");
            }
        }
    }

    /// <summary>Type, id, version and time of the JSON are those of the row; a deletion has none.</summary>
    private static bool Agrees(DbDataReader row, ResourceRow? current)
    {
        var raw = row.GetFieldValue<byte[]>(5);
        if (row.GetInt16(4) == (short)VersionMethod.Delete || raw.Length == 0)
        {
            return row.GetInt16(4) == (short)VersionMethod.Delete && raw.Length == 0;
        }

        try
        {
            using var json = JsonDocument.Parse(raw, new JsonDocumentOptions { MaxDepth = FhirJson.MaxDepth });
            var meta = json.RootElement.GetProperty("meta");
            return json.RootElement.GetProperty("resourceType").GetString() == ResourceCatalog.NameOf(row.GetInt16(2))
                && (current is null || json.RootElement.GetProperty("id").GetString() == current.Id)
                && meta.GetProperty("versionId").GetString() == row.GetInt32(1).ToString(CultureInfo.InvariantCulture)
                && meta.GetProperty("lastUpdated").GetDateTimeOffset().UtcTicks == row.GetInt64(3);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    private static IEnumerable<object> Values(DbDataReader row) => Enumerable.Range(0, row.FieldCount).Select(row.GetValue);

    /// <summary>Both databases give the same text for the same row, whatever width they read numbers at.</summary>
    private static string Text(IEnumerable<object> values) => string.Join('\u001f', values.Select(value => value switch
    {
        DBNull => "\u0000",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    }));

    private sealed class Tally
    {
        public long Resources { get; set; }

        public long Versions { get; set; }

        public long IndexRows { get; set; }

        public long Faults { get; private set; }

        public List<string> Examples { get; } = [];

        public void Fault(string sentence)
        {
            Faults++;
            if (Examples.Count < MostExamples)
            {
                Examples.Add(sentence);
            }
        }
    }
}
