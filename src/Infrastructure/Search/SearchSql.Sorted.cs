using System.Collections.Immutable;
using System.Globalization;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>Searches by any sort keys: several values count as the first of the order, those without one come last, ties go by id.</summary>
internal sealed partial class SearchSql
{
    /// <summary>Whether resources may be without a value of this key.</summary>
    public static bool MayBeAbsent(SortKey key) => key.Parameter.Kind is not (IndexKind.Id or IndexKind.LastUpdated);

    /// <summary>A page of all that the walk reaches, sorted: the columns of a stored resource, then the sort values and the id, then the total if asked for.</summary>
    /// <param name="sort">The keys.</param>
    /// <param name="values">What the first keys are known to have.</param>
    /// <param name="after">Where the page before ended.</param>
    /// <param name="limit">How many.</param>
    /// <param name="range">Only those whose first value of the key at a place is in a part of its order; null for all.</param>
    /// <param name="total">Asks for the number of all matches too.</param>
    public SqlText Sorted(
        ImmutableArray<SortKey> sort,
        ImmutableArray<object?> values,
        PageCursor? after,
        int limit,
        (int Place, KeyRange Range)? range = null,
        TotalColumn? total = null)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns}");
        AppendColumns(sql, sort, "i");
        AppendTotal(sql, limit, total);
        sql.Append(" FROM (SELECT * FROM (SELECT m.key AS key, m.id AS id");
        AppendValues(sql, sort, values);
        sql.Append(" FROM (");
        AppendCandidates(sql);
        sql.Append($") k{database.JoinRows("m", "k.key")} WHERE {OfType("m", sql)}");
        Conditions(sql, new CriteriaSql(database, sql, visible), SearchOrder.Keys, new Subject("m.key", "m", "m.rank"), "m.rank", null, driver!.Answers);
        sql.Append($"{database.Fence}) w");
        var conditions = new List<string>();
        if (range is { } part)
        {
            conditions.Add(part.Range.Within(sql, part.Place < sort.Length ? string.Create(CultureInfo.InvariantCulture, $"w.s{part.Place}") : "w.id"));
        }

        if (after is not null)
        {
            conditions.Add(Beyond(sql, sort, after, "w"));
        }

        sql.Append(conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}");
        AppendOrder(sql, sort, "w");
        sql.Append($"{Limit(limit)}) i JOIN resource r ON r.key = i.key");
        AppendOrder(sql, sort, "i");
        return sql;
    }

    /// <summary>The keys of all that the walk reaches, each once.</summary>
    private void AppendCandidates(SqlText sql)
    {
        var write = new CriteriaSql(database, sql, visible);
        var ofType = driver!.Table == "resource" ? $" AND {OfType("d", sql)}" : "";
        var ranges = driver.Ranges;
        for (var i = 0; i < ranges.Length; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ").Append($"SELECT {(ranges.Length == 1 ? "DISTINCT " : "")}d.key AS key FROM {driver.Table} d WHERE {ranges[i](write, sql)}{ofType}");
        }
    }

    /// <summary>The value that so many rows further on in the order of a key is reached; none where there are fewer.</summary>
    public static SqlText ValueAt(KeyRange range, int rows)
    {
        var sql = new SqlText();
        var branches = range.Values(sql).Select((branch, at) =>
            string.Create(CultureInfo.InvariantCulture, $"SELECT * FROM ({branch} LIMIT 1 OFFSET {rows}) b{at}")).ToList();
        return branches is [var only]
            ? sql.Append(only)
            : sql.Append($"SELECT v FROM ({string.Join(" UNION ALL ", branches)}) u ORDER BY v{(range.Key.Descending ? " DESC" : "")} LIMIT 1");
    }

    private static void AppendColumns(SqlText sql, ImmutableArray<SortKey> sort, string alias)
    {
        for (var i = 0; i < sort.Length; i++)
        {
            sql.Append(string.Create(CultureInfo.InvariantCulture, $", {alias}.s{i}"));
        }

        sql.Append($", {alias}.id AS tie");
    }

    private void AppendValues(SqlText sql, ImmutableArray<SortKey> sort, ImmutableArray<object?> values)
    {
        var write = new CriteriaSql(database, sql, visible);
        for (var i = 0; i < sort.Length; i++)
        {
            var value = i >= values.Length ? write.FirstValue(sort[i], new Subject("m.key", "m", "m.rank"))
                : values[i] is { } known ? database.Typed(sql.Value(known), known)
                : "NULL";
            sql.Append(", ").Append(value).Append(string.Create(CultureInfo.InvariantCulture, $" AS s{i}"));
        }
    }

    /// <summary>The order of a page: absent values last, ties by id.</summary>
    private static void AppendOrder(SqlText sql, ImmutableArray<SortKey> sort, string alias)
    {
        sql.Append(" ORDER BY ");
        for (var i = 0; i < sort.Length; i++)
        {
            var column = string.Create(CultureInfo.InvariantCulture, $"{alias}.s{i}");
            sql.Append($"({column} IS NULL), {column}{(sort[i].Descending ? " DESC" : "")}, ");
        }

        sql.Append($"{alias}.id");
    }

    /// <summary>Rows after the cursor in this order: equal in the first n keys and beyond in the next.</summary>
    private static string Beyond(SqlText sql, ImmutableArray<SortKey> sort, PageCursor after, string alias)
    {
        var alternatives = new List<string>();
        var equal = new List<string>();
        for (var i = 0; i < Math.Min(sort.Length, after.Values.Length); i++)
        {
            var column = string.Create(CultureInfo.InvariantCulture, $"{alias}.s{i}");
            if (after.Values[i] is { } value)
            {
                alternatives.Add(Join(equal, $"({column} {(sort[i].Descending ? "<" : ">")} {sql.Value(value)} OR {column} IS NULL)"));
                equal.Add($"{column} = {sql.Value(value)}");
            }
            else
            {
                equal.Add($"{column} IS NULL");
            }
        }

        // A place before all rows that begin like it has no id. Ids are unique within a type; the same one of another type comes by key.
        alternatives.Add(Join(equal, after.Values.Length > sort.Length
            ? $"({alias}.id, {alias}.key) > ({sql.Value(after.Values[sort.Length] ?? "")}, {sql.Value(after.Key)})"
            : "1 = 1"));
        return $"({string.Join(" OR ", alternatives)})";

        static string Join(List<string> equal, string beyond) => $"({string.Join(" AND ", [.. equal, beyond])})";
    }
}
