using System.Data.Common;
using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <inheritdoc cref="IConsistencyCheck" />
internal sealed class ConsistencyCheck(Database database, IndexWriter indexWriter) : IConsistencyCheck
{
    private const int PageSize = 500;
    private const int MostExamples = 50;

    /// <inheritdoc />
    public async Task<ConsistencyReport> RunAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var tally = new Tally();
        for (var (from, more) = (long.MinValue, true); more;)
        {
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
        await RowsAsync(session, Tables.Reference, expected.References, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.Date, expected.Dates, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.Quantity, expected.Quantities, from, to, tally, cancellationToken);
        await RowsAsync(session, Tables.String, expected.Strings, from, to, tally, cancellationToken);
        await VersionsAsync(session, page, from, to, tally, cancellationToken);
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

    private static async Task RowsAsync<TRow>(
        Session session, Table<TRow> table, List<TRow> expected, long from, long to, Tally tally, CancellationToken cancellationToken)
        where TRow : IndexRow
    {
        var wanted = expected.Select(row => Text(table.Columns.Select(column => column.ValueOf(row)))).ToHashSet(StringComparer.Ordinal);
        var sql = new SqlText();
        sql.Append($"SELECT {table.ColumnNames} FROM {table.Name} WHERE key > {sql.Value(from)} AND key <= {sql.Value(to)}");
        var stored = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Text: Text(Values(row))), cancellationToken);
        tally.IndexRows += stored.Count;
        foreach (var (key, text) in stored)
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
        async Task<ILookup<long, int>> VersionsOfAsync(string table)
        {
            var sql = new SqlText();
            sql.Append($"SELECT key, version FROM {table} WHERE key > {sql.Value(from)} AND key <= {sql.Value(to)} ORDER BY key, version");
            var rows = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Version: row.GetInt32(1)), cancellationToken);
            return rows.ToLookup(row => row.Key, row => row.Version);
        }

        var current = page.ToDictionary(row => row.Key, row => row.Version);
        var history = await VersionsOfAsync("history");
        tally.Versions += history.Sum(versions => versions.Count());
        foreach (var (key, version) in current)
        {
            if (!history[key].SequenceEqual(Enumerable.Range(1, version - 1)))
            {
                tally.Fault($"history: the versions of {key} are not 1 to {version - 1}.");
            }
        }

        foreach (var versions in history.Where(versions => !current.ContainsKey(versions.Key)))
        {
            tally.Fault($"history: versions of {versions.Key}, which is no resource.");
        }

        foreach (var versions in await VersionsOfAsync("outbox"))
        {
            if (!current.TryGetValue(versions.Key, out var version) || versions.Any(change => change < 1 || change > version))
            {
                tally.Fault($"outbox: a change of {versions.Key} that was not made.");
            }
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
