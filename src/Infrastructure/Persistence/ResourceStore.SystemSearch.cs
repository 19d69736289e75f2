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
}
