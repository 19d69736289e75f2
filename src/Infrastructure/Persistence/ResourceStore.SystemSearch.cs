using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;
using SortKey = TeleFhir.Domain.Search.SortKey;

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

        var searches = new List<(string Type, ImmutableArray<Criterion> Criteria, SearchSql Sql)>();
        foreach (var type in TypesOf(query).Where(type => caller.May(Interaction.SearchType, type)))
        {
            var own = Narrowed([.. CriteriaOf(query, type).Select(criterion => OnType(criterion, type))], visible, type);
            var criteria = await ResolveAsync(session, own, visible, cancellationToken);
            var driver = await ChooseAsync(session, type, criteria, order, cancellationToken);
            searches.Add((type, criteria, new SearchSql(database, type, criteria, driver, visible)));
        }

        if (searches.Count == 0)
        {
            return new SearchPage([], [], query.Total == TotalMode.None ? null : 0, null, []);
        }

        if (query.Count == 0)
        {
            return new SearchPage([], [], await TotalAsync(session, searches.Select(search => search.Sql), CountMode(query.Total), cancellationToken), null, []);
        }

        int? budget = query.MayEndEarly ? limits.WalkLimit : null;
        Stretch stretch;
        if (order != SearchOrder.Keys)
        {
            stretch = await new TimeWalk(session, [.. searches.Select(search => search.Sql)], query.Count + 1, budget)
                .ReadAsync(order, query.After, total: null, cancellationToken);
        }
        else
        {
            var stretches = new List<Stretch>();
            foreach (var (type, criteria, _) in searches)
            {
                ImmutableArray<SortKey> own = [.. keys.Select(key => key with { Parameter = Own(key.Parameter, type) })];
                stretches.Add(await new SortedWalk(database, session, type, visible, own, query.Count + 1, limits.SortLimit, budget)
                    .ReadAsync(criteria, query.After, total: null, cancellationToken));
            }

            stretch = MatchOrder.Merge(keys, stretches);
        }

        return await PageAsync(
            session, caller, query, stretch, () => TotalAsync(session, searches.Select(search => search.Sql), query.Total, cancellationToken), cancellationToken);
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
