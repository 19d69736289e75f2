using System.Collections.Immutable;
using System.Data.Common;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Searches of one type, page by page.</summary>
internal sealed partial class ResourceStore
{
    /// <summary>Sort values come behind the columns of the resource.</summary>
    private const int FirstSortColumn = 7;

    /// <inheritdoc />
    public async Task<SearchPage> SearchAsync(Caller caller, SearchQuery query, CancellationToken cancellationToken)
    {
        if (query.Types.Length == 1)
        {
            caller.Demand(Interaction.SearchType, query.Types[0]);
        }
        else
        {
            caller.Demand(Interaction.SearchSystem);
        }

        query = await WithCodesAsync(caller, query, cancellationToken);
        await using var session = await database.OpenAsync(cancellationToken);
        return query.Types.Length == 1
            ? await SearchTypeAsync(session, caller, query, cancellationToken)
            : await SearchSystemAsync(session, caller, query, cancellationToken);
    }

    /// <summary>What the caller sees of each type; null where nothing is withheld.</summary>
    private Visible? SightOf(Caller caller, Interaction interaction) =>
        caller.IsUnrestricted ? null : type => sights.Of(caller, interaction, type).Visible;

    private static (SearchOrder Order, ImmutableArray<SortKey> Keys) OrderOf(SearchQuery query) => query.Sort switch
    {
        [] => (SearchOrder.TimelineDescending, []),
        [{ Parameter.IsTimeline: true } key] => (key.Descending ? SearchOrder.TimelineDescending : SearchOrder.TimelineAscending, query.Sort),
        [{ Parameter.Kind: IndexKind.LastUpdated } key] =>
            (key.Descending ? SearchOrder.UpdatedDescending : SearchOrder.UpdatedAscending, query.Sort),
        _ => (SearchOrder.Keys, query.Sort),
    };

    private static ImmutableArray<object?> SortValues(DbDataReader row, int columns)
    {
        var values = ImmutableArray.CreateBuilder<object?>(columns);
        for (var at = 0; at < columns; at++)
        {
            values.Add(SortValue(row, FirstSortColumn + at));
        }

        return values.MoveToImmutable();
    }

    private static object? SortValue(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetValue(column) switch
    {
        int number => (long)number,
        short number => (long)number,
        var value => value,
    };

    private async Task<SearchPage> SearchTypeAsync(Session session, Caller caller, SearchQuery query, CancellationToken cancellationToken)
    {
        var type = query.Types[0];
        var visible = SightOf(caller, Interaction.SearchType);
        var criteria = await ResolveAsync(session, Narrowed(CriteriaOf(query, type), visible, type), visible, cancellationToken);
        var (order, keys) = OrderOf(query);
        (var driver, order) = await ChooseAsync(session, type, criteria, order, keys, cancellationToken);
        var search = new SearchSql(database, type, criteria, driver, visible);
        if (query.Count == 0)
        {
            return new SearchPage([], [], await TotalAsync(session, search, CountMode(query.Total), cancellationToken), null, []);
        }

        var counted = query.Total switch
        {
            TotalMode.Default => new TotalColumn(limits.TotalLimit + 1),
            TotalMode.Accurate => new TotalColumn(null),
            _ => null,
        };
        var matches = await PageAsync(session, search, order, keys, query.After, query.Count + 1, counted, cancellationToken);
        var more = matches.Count > query.Count;
        var page = matches.Take(query.Count).ToList();
        long? total = query.Total == TotalMode.None ? null
            : !more && query.After is null ? page.Count
            : matches is [{ Total: { } known }, ..] ? (counted!.Limit is null || known <= limits.TotalLimit ? known : null)
            : await TotalAsync(session, search, query.Total, cancellationToken);
        var (included, warnings) = await IncludeAsync(session, query, page, SightOf(caller, Interaction.Read), cancellationToken);
        return new SearchPage(
            [.. page.Select(match => match.Resource)],
            included,
            total,
            more ? new PageCursor(page[^1].Sort, page[^1].Key) : null,
            warnings);
    }

    private static async Task<List<Match>> PageAsync(
        Session session,
        SearchSql search,
        SearchOrder order,
        ImmutableArray<SortKey> keys,
        PageCursor? after,
        int limit,
        TotalColumn? total,
        CancellationToken cancellationToken)
    {
        var columns = order is SearchOrder.Keys or SearchOrder.KeysWalked ? keys.Length + 1 : 1;
        Task<List<Match>> RunAsync(SearchOrder part, PageCursor? from, int most, TotalColumn? counted) => session.QueryAsync(
            search.Page(part, keys, from, most, counted),
            row => new Match(row.GetInt64(0), row.ReadStored(), SortValues(row, columns))
            {
                Total = counted is null || row.IsDBNull(FirstSortColumn + columns) ? null : row.GetInt64(FirstSortColumn + columns),
            },
            cancellationToken);

        // Those without a value come last in either direction: they are a walk of their own.
        SearchOrder? rest = order switch
        {
            SearchOrder.TimelineAscending => SearchOrder.TimelineAbsent,
            SearchOrder.KeysWalked when SearchSql.MayBeAbsent(keys[0]) => SearchOrder.KeysAbsent,
            _ => null,
        };
        if (rest is not { } absent)
        {
            return await RunAsync(order, after, limit, total);
        }

        var isAbsent = after is { Values: [0L or null, ..] };
        var matches = isAbsent ? [] : await RunAsync(order, after, limit, order == SearchOrder.KeysWalked ? total : null);
        if (matches.Count < limit)
        {
            matches.AddRange(await RunAsync(absent, isAbsent ? after : null, limit - matches.Count, null));
        }

        return matches;
    }

    /// <summary>Where the total is all that is asked for, it is always given.</summary>
    private static TotalMode CountMode(TotalMode mode) => mode == TotalMode.Estimate ? mode : TotalMode.Accurate;

    private async Task<long?> TotalAsync(Session session, SearchSql search, TotalMode mode, CancellationToken cancellationToken)
    {
        if (mode == TotalMode.None)
        {
            return null;
        }

        if (mode == TotalMode.Accurate)
        {
            return (await session.QueryAsync(search.Count(null), row => row.GetInt64(0), cancellationToken))[0];
        }

        var counted = (await session.QueryAsync(search.Count(limits.TotalLimit + 1), row => row.GetInt64(0), cancellationToken))[0];
        return counted <= limits.TotalLimit ? counted
            : mode == TotalMode.Estimate ? Math.Max(counted, await database.EstimateAsync(session, search.Keys(null), cancellationToken))
            : null;
    }

    private ImmutableArray<Criterion> CriteriaOf(SearchQuery query, string type) =>
        query.Compartment is { } owner ? query.Criteria.Add(Compartments.CriterionOf(catalog, owner, type)) : query.Criteria;

    private static ImmutableArray<Criterion> Narrowed(ImmutableArray<Criterion> criteria, Visible? visible, string type) =>
        visible is null ? criteria : criteria.AddRange(visible(type));

    private async Task<List<string>> MatchIdsAsync(
        Session session, Caller caller, SearchQuery query, int limit, CancellationToken cancellationToken)
    {
        caller.Demand(Interaction.SearchType, query.Types[0]);
        query = await WithCodesAsync(caller, query, cancellationToken);
        var visible = SightOf(caller, Interaction.SearchType);
        var criteria = await ResolveAsync(session, Narrowed(query.Criteria, visible, query.Types[0]), visible, cancellationToken);
        var (driver, _) = await ChooseAsync(session, query.Types[0], criteria, SearchOrder.Keys, [], cancellationToken);
        var keys = new SearchSql(database, query.Types[0], criteria, driver, visible).Keys(limit);
        var sql = new SqlText().Append($"SELECT r.id FROM ({keys}) q JOIN resource r ON r.key = q.key");
        sql.Parameters.AddRange(keys.Parameters);
        return await session.QueryAsync(sql, row => row.GetString(0), cancellationToken);
    }

    private sealed record Match(long Key, StoredResource Resource, ImmutableArray<object?> Sort)
    {
        /// <summary>The number of all matches, where the page was asked for it and is full; the same on each row.</summary>
        public long? Total { get; init; }
    }
}
