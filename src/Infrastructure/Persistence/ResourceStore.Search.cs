using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Searches of one type, page by page.</summary>
internal sealed partial class ResourceStore
{
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

    private async Task<SearchPage> SearchTypeAsync(Session session, Caller caller, SearchQuery query, CancellationToken cancellationToken)
    {
        var type = query.Types[0];
        var visible = SightOf(caller, Interaction.SearchType);
        var criteria = await ResolveAsync(session, Narrowed(CriteriaOf(query, type), visible, type), visible, cancellationToken);
        var (order, keys) = OrderOf(query);
        var driver = await ChooseAsync(session, type, criteria, query.Count == 0 ? SearchOrder.Keys : order, cancellationToken);
        var search = new SearchSql(database, type, criteria, driver, visible);
        if (query.Count == 0)
        {
            return new SearchPage([], [], await TotalAsync(session, search, CountMode(query.Total), cancellationToken), null, []);
        }

        // What is gathered to be sorted is few enough to be counted whole.
        var counted = TotalColumnOf(query.Total, isBounded: order != SearchOrder.Keys && search.IsProbing);
        int? budget = query.MayEndEarly ? limits.WalkLimit : null;
        var stretch = order == SearchOrder.Keys
            ? await new SortedWalk(database, session, type, visible, keys, query.Count + 1, limits.SortLimit, budget)
                .ReadAsync(criteria, query.After, counted, cancellationToken)
            : await new TimeWalk(session, [search], query.Count + 1, budget).ReadAsync(order, query.After, counted, cancellationToken);
        return await PageAsync(session, caller, query, stretch, () => TotalAsync(session, search, query, stretch, counted, cancellationToken), cancellationToken);
    }

    /// <summary>The page of what a walk read.</summary>
    private async Task<SearchPage> PageAsync(
        Session session, Caller caller, SearchQuery query, Stretch stretch, Func<Task<long?>> total, CancellationToken cancellationToken)
    {
        var page = stretch.Matches.Take(query.Count).ToList();
        var next = stretch.Matches.Count > query.Count ? page[^1].Cursor : stretch.Stopped;
        var all = query.Total == TotalMode.None ? null
            : next is null && query.After is null ? page.Count
            : await total();
        var (included, warnings) = await IncludeAsync(session, query, page, SightOf(caller, Interaction.Read), cancellationToken);
        return new SearchPage([.. page.Select(match => match.Resource)], included, all, next, warnings);
    }

    private TotalColumn? TotalColumnOf(TotalMode mode, bool isBounded) => mode switch
    {
        TotalMode.Default => new TotalColumn(limits.TotalLimit + 1, isBounded ? limits.WalkLimit : null),
        TotalMode.Accurate => new TotalColumn(null, null),
        _ => null,
    };

    /// <summary>The total beside a page that does not show all: what its statement counted, or what is counted now.</summary>
    private async Task<long?> TotalAsync(
        Session session, SearchSql search, SearchQuery query, Stretch stretch, TotalColumn? counted, CancellationToken cancellationToken)
    {
        if (query.Total == TotalMode.Default && stretch.Stopped is not null && search.IsProbing)
        {
            // More candidates than are counted among.
            return null;
        }

        if (stretch.Matches is [{ Total: { } known }, ..])
        {
            return query.Total == TotalMode.Accurate
                || (known <= limits.TotalLimit && (counted?.Within is null || await IsCountedAsync(session, search, cancellationToken))) ? known : null;
        }

        return await TotalAsync(session, search, query.Total, cancellationToken);
    }

    /// <summary>Whether a count among so many candidates was one among all.</summary>
    private async Task<bool> IsCountedAsync(Session session, SearchSql search, CancellationToken cancellationToken) =>
        !search.IsProbing || await Reach.OfAsync(session, search, limits.WalkLimit + 1, cancellationToken) <= limits.WalkLimit;

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

        var counted = (await session.QueryAsync(
            search.Count(limits.TotalLimit + 1, search.IsProbing ? limits.WalkLimit : null), row => row.GetInt64(0), cancellationToken))[0];
        return counted <= limits.TotalLimit && await IsCountedAsync(session, search, cancellationToken) ? counted
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
        var driver = await ChooseAsync(session, query.Types[0], criteria, SearchOrder.Keys, cancellationToken);
        var keys = new SearchSql(database, query.Types[0], criteria, driver, visible).Keys(limit);
        var sql = new SqlText().Append($"SELECT r.id FROM ({keys}) q JOIN resource r ON r.key = q.key");
        sql.Parameters.AddRange(keys.Parameters);
        return await session.QueryAsync(sql, row => row.GetString(0), cancellationToken);
    }
}
