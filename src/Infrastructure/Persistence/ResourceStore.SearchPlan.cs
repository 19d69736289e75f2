using System.Collections.Immutable;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Which index a search walks, and what of it is looked up before.</summary>
internal sealed partial class ResourceStore
{
    /// <summary>A chain that leads to at most this many resources is resolved before the search itself.</summary>
    private const int MostResolved = 200;

    /// <summary>Up to here gathering matches and sorting them beats walking the timeline and probing.</summary>
    private const int MostGathered = 2000;

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
        var driver = SearchDriver.For(type, criteria).MinBy(candidate => candidate.Cost);
        if (driver is null)
        {
            return null;
        }

        // The matches are counted before they are joined: a walk over many must stop early, and one that finds few in much not begin.
        var search = new SearchSql(database, type, criteria, driver, visible);
        if (search.IsProbing && await Reach.OfAsync(session, search, limits.WalkLimit, cancellationToken) >= limits.WalkLimit)
        {
            return null;
        }

        var keys = search.Keys(MostResolved + 1);
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

    /// <summary>
    /// The index to walk for an order by time, or in any order; null for the type's own. Where the criteria themselves do not tell, what each
    /// would read is counted, up to a limit.
    /// </summary>
    private async Task<SearchDriver?> ChooseAsync(
        Session session, string type, ImmutableArray<Criterion> criteria, SearchOrder order, CancellationToken cancellationToken)
    {
        var candidates = SearchDriver.For(type, criteria).OrderBy(candidate => candidate.Cost).ToList();
        var ordered = order is SearchOrder.TimelineDescending or SearchOrder.TimelineAscending;

        // What an index gives in another order than the one asked for is gathered, so it must be little.
        if (candidates.Count == 0 || (candidates[0].IsSelective && (ordered || order == SearchOrder.Keys || candidates[0].IsSmall)))
        {
            return candidates.FirstOrDefault();
        }

        var best = ordered ? candidates.FirstOrDefault(candidate => candidate.Ordered) : null;
        if (best is not null && candidates.Count(candidate => candidate.Ordered) == 1)
        {
            return best;
        }

        // In any order every match is needed; then any index beats the whole type.
        var least = await Reach.LeastAsync(database, session, type, candidates, MostGathered, cancellationToken);
        return least?.Driver ?? best ?? (order == SearchOrder.Keys ? candidates[0] : null);
    }
}
