using System.Collections.Immutable;
using System.Data.Common;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Searches.</summary>
internal sealed partial class ResourceStore
{
    /// <summary>A chain that leads to at most this many resources is resolved before the search itself.</summary>
    private const int MostResolved = 200;

    /// <summary>Sort values come behind the columns of the resource.</summary>
    private const int FirstSortColumn = 7;

    /// <summary>Up to here gathering matches and sorting them beats walking the timeline and probing.</summary>
    private const int MostGathered = 2000;

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

    /// <summary>What the caller sees of each type, worked out once for each; null where nothing is withheld.</summary>
    private Visible? SightOf(Caller caller, Interaction interaction)
    {
        if (caller.IsUnrestricted)
        {
            return null;
        }

        var known = new Dictionary<string, ImmutableArray<Criterion>>(StringComparer.Ordinal);
        return type => known.TryGetValue(type, out var criteria) ? criteria : known[type] = visibility.Of(caller, interaction, type);
    }

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
        var search = new SearchSql(database, type, criteria, await ChooseAsync(session, type, criteria, order, cancellationToken), visible);
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
        var columns = order == SearchOrder.Keys ? keys.Length + 1 : 1;
        Task<List<Match>> RunAsync(SearchOrder part, PageCursor? from, int most, TotalColumn? counted) => session.QueryAsync(
            search.Page(part, keys, from, most, counted),
            row => new Match(row.GetInt64(0), row.ReadStored(), SortValues(row, columns))
            {
                Total = counted is null || row.IsDBNull(FirstSortColumn + columns) ? null : row.GetInt64(FirstSortColumn + columns),
            },
            cancellationToken);

        if (order != SearchOrder.TimelineAscending)
        {
            return await RunAsync(order, after, limit, total);
        }

        // Those without a date come last in either direction, but first in the index: they are a walk of their own.
        var absent = after is { Values: [0L] };
        var matches = absent ? [] : await RunAsync(SearchOrder.TimelineAscending, after, limit, null);
        if (matches.Count < limit)
        {
            matches.AddRange(await RunAsync(SearchOrder.TimelineAbsent, absent ? after : null, limit - matches.Count, null));
        }

        return matches;
    }

    /// <summary>
    /// Turns chains that lead to few resources into plain values: then the search itself can walk the index of the reference.
    /// The others stay as probes.
    /// </summary>
    private async Task<ImmutableArray<Criterion>> ResolveAsync(
        Session session, ImmutableArray<Criterion> criteria, Visible? visible, CancellationToken cancellationToken)
    {
        if (!criteria.Any(criterion => criterion is ChainCriterion or HasCriterion))
        {
            return criteria;
        }

        var resolved = ImmutableArray.CreateBuilder<Criterion>(criteria.Length);
        foreach (var criterion in criteria)
        {
            resolved.Add(criterion switch
            {
                ChainCriterion chain => await ResolveAsync(session, chain, visible, cancellationToken),
                HasCriterion has => await ResolveAsync(session, has, visible, cancellationToken),
                _ => criterion,
            });
        }

        return resolved.MoveToImmutable();
    }

    private async Task<Criterion> ResolveAsync(Session session, ChainCriterion chain, Visible? visible, CancellationToken cancellationToken)
    {
        var hashes = ImmutableArray.CreateBuilder<long>();
        var sources = chain.Reference.Sources;
        foreach (var target in chain.Targets.Where(target => sources.Any(source => (source.TargetType ?? target.Type) == target.Type)))
        {
            var rows = await FewAsync(session, target.Type, target.Criterion, "r.id_hash", "", visible, cancellationToken);
            if (rows is null || hashes.Count + rows.Count > MostResolved)
            {
                return chain;
            }

            hashes.AddRange(rows);
        }

        return new TargetsCriterion(chain.Reference, hashes.ToImmutable());
    }

    private async Task<Criterion> ResolveAsync(Session session, HasCriterion has, Visible? visible, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        var sources = new CriteriaSql(database, sql).Sources(has.Reference.Sources, "x", true);
        var rows = await FewAsync(
            session, has.SourceType, has.Criterion, "x.hash", $"JOIN ix_reference x ON x.key = r.key AND {sources}", visible, cancellationToken, sql);
        // A few resources may still refer to very many.
        return rows is null || rows.Count > MostGathered ? has : new RowsCriterion([.. rows]);
    }

    /// <summary>One number of each match of a criterion where there are few, else null.</summary>
    private async Task<List<long>?> FewAsync(
        Session session,
        string type,
        Criterion criterion,
        string column,
        string join,
        Visible? visible,
        CancellationToken cancellationToken,
        SqlText? prefix = null)
    {
        var criteria = await ResolveAsync(session, Narrowed([criterion], visible, type), visible, cancellationToken);
        var driver = SearchDriver.For(criteria).MinBy(candidate => candidate.Cost);
        if (driver is null)
        {
            return null;
        }

        // The matches are counted before they are joined: a walk over many must stop early.
        var keys = new SearchSql(database, type, criteria, driver, visible).Keys(MostResolved + 1);
        var found = await session.QueryAsync(keys, row => row.GetInt64(0), cancellationToken);
        if (found.Count > MostResolved)
        {
            return null;
        }

        if (found.Count == 0)
        {
            return [];
        }

        var sql = prefix ?? new SqlText();
        sql.Append($"SELECT DISTINCT {column} FROM resource r {join} WHERE NOT r.deleted AND {database.AnyOf("r.key", found, sql)}");
        return await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken);
    }

    /// <summary>The index to walk. Where the criteria themselves do not tell, what each would read is counted, up to a limit.</summary>
    private async Task<SearchDriver?> ChooseAsync(
        Session session, string type, ImmutableArray<Criterion> criteria, SearchOrder order, CancellationToken cancellationToken)
    {
        var candidates = SearchDriver.For(criteria).OrderBy(candidate => candidate.Cost).ToList();
        if (candidates.Count == 0 || candidates[0].IsSelective)
        {
            return candidates.FirstOrDefault();
        }

        var ordered = order is SearchOrder.TimelineDescending or SearchOrder.TimelineAscending;
        var best = ordered ? candidates.FirstOrDefault(candidate => candidate.Ordered) : null;
        if (best is not null && candidates.Count(candidate => candidate.Ordered) == 1)
        {
            return best;
        }

        var least = MostGathered;
        foreach (var candidate in candidates)
        {
            var reach = (int)(await session.QueryAsync(
                new SearchSql(database, type, [], candidate).Reach(MostGathered), row => row.GetInt64(0), cancellationToken))[0];
            if (reach < least)
            {
                (best, least) = (candidate, reach);
            }
        }

        // Other keys need every match anyway; then any index beats the whole type.
        return best ?? (order == SearchOrder.Keys ? candidates[0] : null);
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

    private async Task<long?> TotalAsync(
        Session session, List<SearchSql> searches, TotalMode mode, CancellationToken cancellationToken)
    {
        long? total = 0;
        foreach (var search in searches)
        {
            total += await TotalAsync(session, search, mode, cancellationToken);
            if (total is null || (mode == TotalMode.Default && total > limits.TotalLimit))
            {
                return null;
            }
        }

        return total;
    }

    private ImmutableArray<Criterion> CriteriaOf(SearchQuery query, string type) =>
        query.Compartment is { } owner ? query.Criteria.Add(Compartments.CriterionOf(catalog, owner, type)) : query.Criteria;

    private static ImmutableArray<Criterion> Narrowed(ImmutableArray<Criterion> criteria, Visible? visible, string type) =>
        visible is null ? criteria : criteria.AddRange(visible(type));

    /// <summary>Across types the order is by time of change, which all types share. Each type is a branch with its own parameters.</summary>
    private async Task<SearchPage> SearchSystemAsync(Session session, Caller caller, SearchQuery query, CancellationToken cancellationToken)
    {
        var ascending = query.Sort is [{ Parameter.Kind: IndexKind.LastUpdated, Descending: false }];
        if (!query.Sort.IsEmpty && query.Sort is not [{ Parameter.Kind: IndexKind.LastUpdated }])
        {
            throw FhirException.NotSupported("A search across types is sorted by _lastUpdated only.");
        }

        var order = ascending ? SearchOrder.UpdatedAscending : SearchOrder.UpdatedDescending;
        var visible = SightOf(caller, Interaction.SearchSystem);
        foreach (var type in query.Types)
        {
            caller.Demand(Interaction.SearchType, type);
        }

        var searches = new List<SearchSql>();
        foreach (var type in TypesOf(query).Where(type => caller.May(Interaction.SearchType, type)))
        {
            var own = Narrowed([.. CriteriaOf(query, type).Select(criterion => OnType(criterion, type))], visible, type);
            var criteria = await ResolveAsync(session, own, visible, cancellationToken);
            var driver = SearchDriver.For(criteria).Where(candidate => candidate.IsSelective).MinBy(candidate => candidate.Cost);
            searches.Add(new SearchSql(database, type, criteria, driver, visible));
        }

        if (searches.Count == 0)
        {
            return new SearchPage([], [], query.Total == TotalMode.None ? null : 0, null, []);
        }

        if (query.Count == 0)
        {
            return new SearchPage([], [], await TotalAsync(session, searches, CountMode(query.Total), cancellationToken), null, []);
        }

        var sql = new SqlText();
        var limit = query.Count + 1;
        for (var i = 0; i < searches.Count; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            searches[i].AppendPage(sql, order, [], query.After, limit);
            sql.Append($") t{i}");
        }

        sql.Append($" ORDER BY 8{(ascending ? "" : " DESC")}, 1{(ascending ? "" : " DESC")}").Append(FormattableString.Invariant($" LIMIT {limit}"));
        var matches = await session.QueryAsync(
            sql, row => new Match(row.GetInt64(0), row.ReadStored(), [SortValue(row, 7)]), cancellationToken);
        var page = matches.Take(query.Count).ToList();
        var more = matches.Count > query.Count;
        long? total = query.Total != TotalMode.None && !more && query.After is null
            ? page.Count
            : await TotalAsync(session, searches, query.Total, cancellationToken);
        var (included, warnings) = await IncludeAsync(session, query, page, SightOf(caller, Interaction.Read), cancellationToken);
        return new SearchPage(
            [.. page.Select(match => match.Resource)],
            included,
            total,
            more ? new PageCursor(page[^1].Sort, page[^1].Key) : null,
            warnings);
    }

    private static ImmutableArray<string> TypesOf(SearchQuery query)
    {
        var types = query.Types.IsEmpty ? ResourceCatalog.Types : query.Types;
        return query.Compartment is { } owner ? [.. types.Intersect(Compartments.MembersOf(owner.Type))] : types;
    }

    /// <summary>A parameter of all types is stored under each type's own id.</summary>
    private Criterion OnType(Criterion criterion, string type)
    {
        SearchParameter Own(SearchParameter parameter) => catalog.Find(type, parameter.Code)
            ?? throw FhirException.NotSupported($"{parameter.Code} is not a search parameter of {type}.");
        return criterion switch
        {
            ValueCriterion value => value with { Parameter = Own(value.Parameter) },
            ConceptCriterion concept => concept with { Parameter = Own(concept.Parameter) },
            NotCriterion not => new NotCriterion(OnType(not.Criterion, type)),
            AnyCriterion any => new AnyCriterion([.. any.Alternatives.Select(one => OnType(one, type))]),
            AllCriterion all => new AllCriterion([.. all.Parts.Select(one => OnType(one, type))]),
            MissingCriterion missing => missing with { Parameter = Own(missing.Parameter) },
            ChainCriterion chain => chain with { Reference = Own(chain.Reference) },
            _ => criterion,
        };
    }

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

    private sealed record Match(long Key, StoredResource Resource, ImmutableArray<object?> Sort)
    {
        /// <summary>The number of all matches, where the page was asked for it and is full; the same on each row.</summary>
        public long? Total { get; init; }
    }
}
