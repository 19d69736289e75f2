using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Searches across types.</summary>
internal sealed partial class ResourceStore
{
    /// <summary>Each type is a branch with its own parameters. The order is by time of change unless keys are given that all of the types have.</summary>
    private async Task<SearchPage> SearchSystemAsync(Session session, Caller caller, SearchQuery query, CancellationToken cancellationToken)
    {
        var (order, keys) = query.Sort switch
        {
            [] or [{ Parameter.Kind: IndexKind.LastUpdated, Descending: true }] => (SearchOrder.UpdatedDescending, (ImmutableArray<SortKey>)[]),
            [{ Parameter.Kind: IndexKind.LastUpdated }] => (SearchOrder.UpdatedAscending, []),
            _ => (SearchOrder.Keys, query.Sort),
        };
        var visible = SightOf(caller, Interaction.SearchSystem);
        foreach (var type in query.Types)
        {
            caller.Demand(Interaction.SearchType, type);
        }

        var searches = new List<(string Type, SearchSql Sql)>();
        foreach (var type in TypesOf(query).Where(type => caller.May(Interaction.SearchType, type)))
        {
            var own = Narrowed([.. CriteriaOf(query, type).Select(criterion => OnType(criterion, type))], visible, type);
            var criteria = await ResolveAsync(session, own, visible, cancellationToken);
            var driver = SearchDriver.For(criteria).Where(candidate => candidate.IsSelective).MinBy(candidate => candidate.Cost);
            searches.Add((type, new SearchSql(database, type, criteria, driver, visible)));
        }

        if (searches.Count == 0)
        {
            return new SearchPage([], [], query.Total == TotalMode.None ? null : 0, null, []);
        }

        if (query.Count == 0)
        {
            return new SearchPage([], [], await TotalAsync(session, searches.Select(search => search.Sql), CountMode(query.Total), cancellationToken), null, []);
        }

        var sql = new SqlText().Append("SELECT * FROM (");
        var limit = query.Count + 1;
        for (var i = 0; i < searches.Count; i++)
        {
            var (type, search) = searches[i];
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            search.AppendPage(sql, order, [.. keys.Select(key => key with { Parameter = Own(key.Parameter, type) })], query.After, limit);
            sql.Append($") t{i}");
        }

        sql.Append(") u");
        if (order == SearchOrder.Keys)
        {
            SearchSql.AppendOrder(sql, keys, "u", tie: "tie, u.key");
        }
        else
        {
            var direction = order == SearchOrder.UpdatedAscending ? "" : " DESC";
            sql.Append($" ORDER BY u.s0{direction}, u.key{direction}");
        }

        sql.Append(FormattableString.Invariant($" LIMIT {limit}"));
        var columns = order == SearchOrder.Keys ? keys.Length + 1 : 1;
        var matches = await session.QueryAsync(
            sql, row => new Match(row.GetInt64(0), row.ReadStored(), SortValues(row, columns)), cancellationToken);
        var page = matches.Take(query.Count).ToList();
        var more = matches.Count > query.Count;
        long? total = query.Total != TotalMode.None && !more && query.After is null
            ? page.Count
            : await TotalAsync(session, searches.Select(search => search.Sql), query.Total, cancellationToken);
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
    private Criterion OnType(Criterion criterion, string type) =>
        criterion switch
        {
            ValueCriterion value => value with { Parameter = Own(value.Parameter, type) },
            ConceptCriterion concept => concept with { Parameter = Own(concept.Parameter, type) },
            NotCriterion not => new NotCriterion(OnType(not.Criterion, type)),
            AnyCriterion any => new AnyCriterion([.. any.Alternatives.Select(one => OnType(one, type))]),
            AllCriterion all => new AllCriterion([.. all.Parts.Select(one => OnType(one, type))]),
            MissingCriterion missing => missing with { Parameter = Own(missing.Parameter, type) },
            ChainCriterion chain => chain with { Reference = Own(chain.Reference, type) },
            _ => criterion,
        };

    private SearchParameter Own(SearchParameter parameter, string type) => catalog.Find(type, parameter.Code)
        ?? throw FhirException.NotSupported($"{parameter.Code} is not a search parameter of {type}.");

    private async Task<long?> TotalAsync(
        Session session, IEnumerable<SearchSql> searches, TotalMode mode, CancellationToken cancellationToken)
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
}
