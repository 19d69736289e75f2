using System.Collections.Immutable;
using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>How a search of one type is ordered.</summary>
internal enum SearchOrder
{
    /// <summary>Newest first on the timeline; those without a place last.</summary>
    TimelineDescending,

    /// <summary>Oldest first on the timeline, those without a place left out.</summary>
    TimelineAscending,

    /// <summary>Only those without a place on the timeline, by key.</summary>
    TimelineAbsent,

    /// <summary>Last changed first.</summary>
    UpdatedDescending,

    /// <summary>First changed first.</summary>
    UpdatedAscending,

    /// <summary>By other keys, ties by id: a walk of several statements, see <see cref="SortedWalk"/>.</summary>
    Keys,
}

/// <summary>Asks a page for the number of all matches too.</summary>
/// <param name="Limit">Counting goes no further; null for no limit.</param>
/// <param name="Within">How many candidates are looked at; null for all.</param>
internal sealed record TotalColumn(int? Limit, int? Within);

/// <summary>
/// Writes the statements of a search of one type. The innermost query walks one index (<see cref="SearchDriver"/>) in the order asked for
/// and stops after a page; only then are the resources themselves fetched.
/// </summary>
internal sealed partial class SearchSql(
    Database database, string type, ImmutableArray<Criterion> criteria, SearchDriver? driver, Visible? visible = null)
{
    /// <summary>Whether candidates of the walk must be looked at one by one to know whether they match, however many those are.</summary>
    public bool IsProbing => driver is not { IsSmall: true } && criteria.Any(criterion => driver is null || !driver.Answers.Contains(criterion));

    /// <summary>One page: the columns of a stored resource, then the place in the order, then the total if asked for.</summary>
    public SqlText Page(SearchOrder order, PageCursor? after, int limit, PageCursor? until = null, TotalColumn? total = null)
    {
        var sql = new SqlText();
        AppendPage(sql, order, after, limit, until, total);
        return sql;
    }

    /// <summary>As <see cref="Page"/>, as part of a larger statement.</summary>
    public void AppendPage(SqlText sql, SearchOrder order, PageCursor? after, int limit, PageCursor? until, TotalColumn? total = null)
    {
        var direction = DirectionOf(order);
        sql.Append($"SELECT {RowReader.StoredColumns}, i.s0");
        AppendTotal(sql, limit, total);
        sql.Append(" FROM (");
        Walk(sql, order, after, limit, until);
        sql.Append($") i JOIN resource r ON r.key = i.key ORDER BY i.s0{direction}, i.key{direction}");
    }

    /// <summary>The place of the candidate that is so many further on in the order; none where there are fewer.</summary>
    public void AppendPlace(SqlText sql, SearchOrder order, PageCursor? after, int candidates)
    {
        var write = new CriteriaSql(database, sql, visible);
        var direction = DirectionOf(order);
        var end = string.Create(CultureInfo.InvariantCulture, $" ORDER BY s0{direction}, key{direction} LIMIT 1 OFFSET {candidates - 1}");
        if (driver is null)
        {
            sql.Append($"SELECT {RankOf(order, "r", "r")} AS s0, r.key AS key FROM resource r WHERE {OfType("r", sql)}");
            Conditions(sql, write, order, new Subject("r.key", "r", "r.rank"), RankOf(order, "r", "r"), after, criteria);
            sql.Append(end);
            return;
        }

        var ranges = driver.Ranges;
        for (var i = 0; i < ranges.Length; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            Branch(sql, write, order, after, ranges[i], criteria);
            sql.Append(end).Append(string.Create(CultureInfo.InvariantCulture, $") p{i}"));
        }
    }

    /// <summary>The keys of all matches, each once; at most <paramref name="limit"/>, of so many candidates.</summary>
    public SqlText Keys(int? limit, int? within = null)
    {
        var sql = new SqlText();
        AppendKeys(sql, limit, within);
        return limit is null ? sql : sql.Append(Limit(limit.Value));
    }

    /// <summary>The number of matches, counting no further than the limit, among so many candidates.</summary>
    public SqlText Count(int? limit, int? within = null)
    {
        var keys = Keys(limit, within);
        var sql = new SqlText().Append($"SELECT count(*) FROM ({keys}) q");
        sql.Parameters.AddRange(keys.Parameters);
        return sql;
    }

    /// <summary>How many rows a walk would read, counting no further than the limit.</summary>
    public SqlText Reach(int limit)
    {
        var sql = new SqlText();
        var write = new CriteriaSql(database, sql, visible);
        sql.Append("SELECT count(*) FROM (");
        if (driver is null)
        {
            return sql.Append($"SELECT 1 FROM resource d WHERE {OfType("d", sql)}{Limit(limit)}) q");
        }

        var ranges = driver.Ranges;
        for (var i = 0; i < ranges.Length; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ")
                .Append($"SELECT * FROM (SELECT 1 FROM {driver.Table} d WHERE {ranges[i](write, sql)}{(driver.Table == "resource" ? $" AND {OfType("d", sql)}" : "")}{Limit(limit)}) b{i}");
        }

        return sql.Append($"{Limit(limit)}) q");
    }

    /// <summary>Counted in the same statement, and only where the page is full: a page that is not is its own total.</summary>
    private void AppendTotal(SqlText sql, int limit, TotalColumn? total)
    {
        if (total is not null)
        {
            sql.Append(string.Create(CultureInfo.InvariantCulture, $", CASE WHEN count(*) OVER () >= {limit} THEN (SELECT count(*) FROM ("));
            AppendKeys(sql, total.Limit, total.Within);
            sql.Append($"{(total.Limit is { } most ? Limit(most) : "")}) q) END");
        }
    }

    private static string Limit(int limit) => string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}");

    /// <summary>What stands behind the columns of an order by place.</summary>
    public static string DirectionOf(SearchOrder order) =>
        order is SearchOrder.TimelineAscending or SearchOrder.UpdatedAscending or SearchOrder.TimelineAbsent ? "" : " DESC";

    private static string RankOf(SearchOrder order, string walked, string row) => order switch
    {
        SearchOrder.UpdatedAscending or SearchOrder.UpdatedDescending => $"{row}.updated",
        _ => $"{walked}.rank",
    };

    private void Walk(SqlText sql, SearchOrder order, PageCursor? after, int limit, PageCursor? until)
    {
        var write = new CriteriaSql(database, sql, visible);
        var direction = DirectionOf(order);
        var end = $" ORDER BY s0{direction}, key{direction}{Limit(limit)}";
        if (driver is null)
        {
            sql.Append($"SELECT {RankOf(order, "r", "r")} AS s0, r.key AS key FROM resource r WHERE {OfType("r", sql)}");
            Conditions(sql, write, order, new Subject("r.key", "r", "r.rank"), RankOf(order, "r", "r"), after, [], until);
            sql.Append(end);
            return;
        }

        var ranges = driver.Ranges;
        if (ranges.Length == 1)
        {
            Branch(sql, write, order, after, ranges[0], driver.Answers, until);
            sql.Append(end);
            return;
        }

        sql.Append("SELECT DISTINCT s0, key FROM (");
        for (var i = 0; i < ranges.Length; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            Branch(sql, write, order, after, ranges[i], driver.Answers, until);
            sql.Append(end).Append(string.Create(CultureInfo.InvariantCulture, $") b{i}"));
        }

        sql.Append(") u").Append(end);
    }

    private void Branch(
        SqlText sql,
        CriteriaSql write,
        SearchOrder order,
        PageCursor? after,
        Func<CriteriaSql, SqlText, string> condition,
        ImmutableArray<Criterion> answered,
        PageCursor? until = null)
    {
        var byUpdated = order is SearchOrder.UpdatedAscending or SearchOrder.UpdatedDescending;
        var row = driver!.Table == "resource";
        var ranked = row || driver.Ordered;
        var joined = !row && (byUpdated || !driver.Ordered || criteria.Any(criterion => !answered.Contains(criterion) && CriteriaSql.NeedsRow(criterion)));
        var r = row ? "d" : "r";
        var rank = byUpdated ? $"{r}.updated" : ranked ? "d.rank" : "r.rank";
        sql.Append($"SELECT DISTINCT {rank} AS s0, d.key AS key FROM {driver.Table} d{(joined ? " JOIN resource r ON r.key = d.key" : "")} WHERE ")
            .Append(condition(write, sql)).Append(row ? $" AND {OfType("d", sql)}" : "");
        Conditions(
            sql, write, order, new Subject("d.key", row || joined ? r : null, ranked ? "d.rank" : "r.rank"), rank, after, answered, until);
    }

    private void Conditions(
        SqlText sql, CriteriaSql write, SearchOrder order, Subject subject, string rank, PageCursor? after, ImmutableArray<Criterion> answered, PageCursor? until = null)
    {
        switch (order)
        {
            case SearchOrder.TimelineAscending:
                sql.Append($" AND {rank} > 0");
                break;
            case SearchOrder.TimelineAbsent:
                sql.Append($" AND {rank} = 0");
                break;
        }

        if (after is { Values: [long value, ..] })
        {
            var sign = DirectionOf(order).Length == 0 ? ">" : "<";
            sql.Append($" AND ({rank}, {subject.Key}) {sign} ({sql.Value(value)}, {sql.Value(after.Key)})");
        }

        if (until is { Values: [long last, ..] })
        {
            var sign = DirectionOf(order).Length == 0 ? "<=" : ">=";
            sql.Append($" AND ({rank}, {subject.Key}) {sign} ({sql.Value(last)}, {sql.Value(until.Key)})");
        }

        foreach (var criterion in criteria.Where(criterion => !answered.Contains(criterion)))
        {
            sql.Append(" AND ");
            write.Append(criterion, subject);
        }
    }

    private string OfType(string alias, SqlText sql) => $"{alias}.type = {sql.Value(ResourceCatalog.NumberOf(type))} AND NOT {alias}.deleted";

    /// <summary>All matches, in no order; at most so many, of so many candidates of each range.</summary>
    private void AppendKeys(SqlText sql, int? limit = null, int? within = null)
    {
        var write = new CriteriaSql(database, sql, visible);
        if (driver is null)
        {
            sql.Append(within is { } few
                ? $"SELECT r.key AS key FROM (SELECT r.key, r.id_hash, r.updated, r.rank, r.rank_high FROM resource r WHERE {OfType("r", sql)}{Limit(few)}) r WHERE 1 = 1"
                : $"SELECT r.key AS key FROM resource r WHERE {OfType("r", sql)}");
            Conditions(sql, write, SearchOrder.TimelineDescending, new Subject("r.key", "r", "r.rank"), "r.rank", null, []);
            return;
        }

        var row = driver.Table == "resource";
        var joined = !row && (!driver.Ordered || criteria.Any(criterion => !driver.Answers.Contains(criterion) && CriteriaSql.NeedsRow(criterion)));
        var ranges = driver.Ranges;
        for (var i = 0; i < ranges.Length; i++)
        {
            // By place first, as the index lies: then doubles are neighbours, nothing is sorted or hashed, and a limit ends the walk.
            var subject = new Subject("d.key", row ? "d" : joined ? "r" : null, row || driver.Ordered ? "d.rank" : "r.rank");
            var range = $"{ranges[i](write, sql)}{(row ? $" AND {OfType("d", sql)}" : "")}";
            var columns = row ? "d.key, d.id_hash, d.updated, d.rank, d.rank_high" : driver.Ordered ? "d.key, d.rank" : "d.key";
            var from = within is { } most ? $"(SELECT {columns} FROM {driver.Table} d WHERE {range}{Limit(most)}) d" : $"{driver.Table} d";
            sql.Append(i == 0 ? "" : " UNION ")
                .Append($"SELECT key FROM (SELECT DISTINCT {subject.Rank} AS place, d.key AS key FROM {from}")
                .Append($"{(joined ? " JOIN resource r ON r.key = d.key" : "")} WHERE {(within is null ? range : "1 = 1")}");
            Conditions(sql, write, SearchOrder.TimelineDescending, subject, subject.Rank, null, driver.Answers);
            sql.Append(string.Create(CultureInfo.InvariantCulture, $"{(limit is null ? "" : Limit(limit.Value))}) w{i}"));
        }
    }
}
