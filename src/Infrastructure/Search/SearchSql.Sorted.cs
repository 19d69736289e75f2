using System.Collections.Immutable;
using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>Searches by any sort keys: several values count as the first of the order, those without one come last, ties go by id.</summary>
internal sealed partial class SearchSql
{
    /// <summary>Whether an index holds the values of this key in their order, so that a page needs not look at every match.</summary>
    public static bool IsWalkable(SortKey key) => WalkOf(key) is not null;

    /// <summary>Whether resources may be without a value of this key.</summary>
    public static bool MayBeAbsent(SortKey key) => key.Parameter.Kind is not (IndexKind.Id or IndexKind.LastUpdated);

    /// <summary>Where the values of a key lie in their order; null where no index holds them so.</summary>
    private static (string Table, string Column)? WalkOf(SortKey key) => key.Parameter switch
    {
        { Kind: IndexKind.Id } => ("resource", "id"),
        { Kind: IndexKind.LastUpdated } => ("resource", "updated"),
        { Kind: IndexKind.Date, IsTimeline: true } => ("resource", "rank"),

        // The rows of several parameters are several ranges.
        { Sources.Length: not 1 } => null,
        { Kind: IndexKind.Date } => ("ix_date", "low"),
        { Kind: IndexKind.Quantity } => ("ix_quantity", "value"),
        { Kind: IndexKind.String or IndexKind.Uri } => ("ix_string", "norm"),
        _ => null,
    };

    /// <summary>Along the index of the first key; what is equal there is put in order by the others, group by group.</summary>
    private void AppendWalked(SqlText sql, ImmutableArray<SortKey> sort, PageCursor? after, int limit, TotalColumn? total)
    {
        var key = sort[0];
        var (table, column) = WalkOf(key)!.Value;
        var write = new CriteriaSql(database, sql, visible);
        sql.Append($"SELECT {RowReader.StoredColumns}");
        AppendColumns(sql, sort, "i");
        AppendTotal(sql, limit, total);
        sql.Append(" FROM (SELECT * FROM (");
        var isRow = table == "resource";
        sql.Append($"SELECT m.key AS key, m.id AS id, {(isRow ? "m" : "d")}.{column} AS s0");
        AppendValues(sql, sort, from: 1);
        sql.Append(isRow ? $" FROM resource m WHERE {OfType("m", sql)}" : $" FROM {table} d JOIN resource m ON m.key = d.key WHERE {write.Sources(key.Parameter.Sources, "d", false)}");
        if (isRow && MayBeAbsent(key))
        {
            sql.Append($" AND m.{column} > 0");
        }
        else if (!isRow)
        {
            // Of several values of one resource the first of the order counts.
            var before = key.Descending ? ">" : "<";
            sql.Append($" AND NOT EXISTS (SELECT 1 FROM {table} y WHERE y.key = d.key AND {write.Sources(key.Parameter.Sources, "y", false)}")
                .Append($" AND (y.{column} {before} d.{column} OR (y.{column} = d.{column} AND y.ordinal < d.ordinal)){database.Fence})");
        }

        if (after is { Values: [{ } from, ..] })
        {
            // Says where the walk begins; which of equal ones come after the cursor is decided below.
            sql.Append($" AND {(isRow ? "m" : "d")}.{column} {(key.Descending ? "<=" : ">=")} {sql.Value(from)}");
        }

        Conditions(sql, write, SearchOrder.KeysWalked, new Subject("m.key", "m", "m.rank"), "m.rank", null, []);
        sql.Append(") w");
        if (after is not null)
        {
            sql.Append(" WHERE ").Append(Beyond(sql, sort, after, "w"));
        }

        AppendOrder(sql, sort, "w", isFirstPresent: true);
        sql.Append($"{Limit(limit)}) i JOIN resource r ON r.key = i.key");
        AppendOrder(sql, sort, "i", isFirstPresent: true);
    }

    /// <summary>Every match is looked at.</summary>
    /// <param name="sql">Where to.</param>
    /// <param name="sort">The keys.</param>
    /// <param name="after">Where the page before ended.</param>
    /// <param name="limit">How many.</param>
    /// <param name="total">Asks for the number of all matches too.</param>
    /// <param name="isFirstAbsent">Whether only those without a value for the first key are meant.</param>
    private void AppendGathered(SqlText sql, ImmutableArray<SortKey> sort, PageCursor? after, int limit, TotalColumn? total, bool isFirstAbsent)
    {
        sql.Append($"SELECT {RowReader.StoredColumns}");
        AppendColumns(sql, sort, "i");
        AppendTotal(sql, limit, total);
        sql.Append(" FROM (SELECT m.key AS key, m.id AS id");
        AppendValues(sql, sort, from: 0);
        sql.Append(" FROM (");
        AppendKeys(sql);
        sql.Append(") k JOIN resource m ON m.key = k.key) i JOIN resource r ON r.key = i.key");
        var conditions = new List<string>();
        if (isFirstAbsent)
        {
            conditions.Add("i.s0 IS NULL");
        }

        if (after is not null)
        {
            conditions.Add(Beyond(sql, sort, after, "i"));
        }

        sql.Append(conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}");
        AppendOrder(sql, sort, "i");
        sql.Append(Limit(limit));
    }

    private static void AppendColumns(SqlText sql, ImmutableArray<SortKey> sort, string alias)
    {
        for (var i = 0; i < sort.Length; i++)
        {
            sql.Append(string.Create(CultureInfo.InvariantCulture, $", {alias}.s{i}"));
        }

        sql.Append($", {alias}.id AS tie");
    }

    private void AppendValues(SqlText sql, ImmutableArray<SortKey> sort, int from)
    {
        for (var i = from; i < sort.Length; i++)
        {
            sql.Append(", ").Append(SortValue(sql, sort[i])).Append(string.Create(CultureInfo.InvariantCulture, $" AS s{i}"));
        }
    }

    /// <summary>The order of a page: absent values last, ties by <paramref name="tie"/>.</summary>
    public static void AppendOrder(SqlText sql, ImmutableArray<SortKey> sort, string alias, bool isFirstPresent = false, string tie = "id")
    {
        sql.Append(" ORDER BY ");
        for (var i = 0; i < sort.Length; i++)
        {
            // An index is walked only for what is ordered as it is.
            var column = string.Create(CultureInfo.InvariantCulture, $"{alias}.s{i}");
            sql.Append($"{(i == 0 && isFirstPresent ? "" : $"({column} IS NULL), ")}{column}{(sort[i].Descending ? " DESC" : "")}, ");
        }

        sql.Append($"{alias}.{tie}");
    }

    /// <summary>Rows after the cursor in this order: equal in the first n keys and beyond in the next.</summary>
    private static string Beyond(SqlText sql, ImmutableArray<SortKey> sort, PageCursor after, string alias)
    {
        var alternatives = new List<string>();
        var equal = new List<string>();
        for (var i = 0; i < sort.Length; i++)
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

        // Ids are unique within a type; the same one of another type comes by key.
        alternatives.Add(Join(equal, $"({alias}.id, {alias}.key) > ({sql.Value(after.Values[sort.Length] ?? "")}, {sql.Value(after.Key)})"));
        return $"({string.Join(" OR ", alternatives)})";

        static string Join(List<string> equal, string beyond) => $"({string.Join(" AND ", [.. equal, beyond])})";
    }

    private string SortValue(SqlText sql, SortKey key)
    {
        var parameter = key.Parameter;
        var write = new CriteriaSql(database, sql, visible);
        var of = key.Descending ? "MAX" : "MIN";
        string From(string table, string column) => $"(SELECT {of}(y.{column}) FROM {table} y WHERE y.key = m.key"
            + $" AND {write.Sources(parameter.Sources, "y", parameter.Kind == IndexKind.Reference)})";
        return parameter.Kind switch
        {
            IndexKind.Id => "m.id",
            IndexKind.LastUpdated => "m.updated",
            IndexKind.Date when parameter.IsTimeline => "NULLIF(m.rank, 0)",
            IndexKind.Date => From("ix_date", "low"),
            IndexKind.Token => From("ix_token", "code"),
            IndexKind.Quantity => From("ix_quantity", "value"),
            IndexKind.String or IndexKind.Uri => From("ix_string", "norm"),
            IndexKind.Reference => $"(SELECT {of}(t.id) FROM ix_reference y JOIN resource t ON t.id_hash = y.hash WHERE y.key = m.key"
                + $" AND {write.Sources(parameter.Sources, "y", true)})",
            _ => throw FhirException.NotSupported($"Sorting by {parameter.Code} is not supported."),
        };
    }
}
