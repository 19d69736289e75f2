using System.Collections.Immutable;
using System.Net;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Conditions on value sets and hierarchies of codes become conditions on codes, before a search begins.</summary>
internal sealed partial class ResourceStore
{
    private async Task<SearchQuery> WithCodesAsync(Caller caller, SearchQuery query, CancellationToken cancellationToken) =>
        query.Criteria.Any(AsksTerminology)
            ? query with { Criteria = await WithCodesAsync(caller, query.Criteria, cancellationToken) }
            : query;

    private static bool AsksTerminology(Criterion criterion) => criterion switch
    {
        ConceptCriterion => true,
        ChainCriterion chain => chain.Targets.Any(target => AsksTerminology(target.Criterion)),
        HasCriterion has => AsksTerminology(has.Criterion),
        AnyCriterion any => any.Alternatives.Any(AsksTerminology),
        AllCriterion all => all.Parts.Any(AsksTerminology),
        NotCriterion not => AsksTerminology(not.Criterion),
        _ => false,
    };

    private async Task<ImmutableArray<Criterion>> WithCodesAsync(
        Caller caller, ImmutableArray<Criterion> criteria, CancellationToken cancellationToken)
    {
        var resolved = ImmutableArray.CreateBuilder<Criterion>(criteria.Length);
        foreach (var criterion in criteria)
        {
            resolved.Add(await WithCodesAsync(caller, criterion, cancellationToken));
        }

        return resolved.MoveToImmutable();
    }

    private async Task<Criterion> WithCodesAsync(Caller caller, Criterion criterion, CancellationToken cancellationToken)
    {
        switch (criterion)
        {
            case ConceptCriterion concept:
                return await CodesAsync(caller, concept, cancellationToken);
            case ChainCriterion chain:
                var targets = ImmutableArray.CreateBuilder<ChainTarget>(chain.Targets.Length);
                foreach (var target in chain.Targets)
                {
                    targets.Add(target with { Criterion = await WithCodesAsync(caller, target.Criterion, cancellationToken) });
                }

                return chain with { Targets = targets.MoveToImmutable() };
            case HasCriterion has:
                return has with { Criterion = await WithCodesAsync(caller, has.Criterion, cancellationToken) };
            case AnyCriterion any:
                return new AnyCriterion(await WithCodesAsync(caller, any.Alternatives, cancellationToken));
            case AllCriterion all:
                return new AllCriterion(await WithCodesAsync(caller, all.Parts, cancellationToken));
            case NotCriterion not:
                return new NotCriterion(await WithCodesAsync(caller, not.Criterion, cancellationToken));
            default:
                return criterion;
        }
    }

    private async Task<Criterion> CodesAsync(Caller caller, ConceptCriterion concept, CancellationToken cancellationToken)
    {
        var source = terminology() ?? throw FhirException.NotSupported("This server has no terminology.");
        var codes = new HashSet<TokenSearchValue>();
        foreach (var (system, code) in concept.Values)
        {
            try
            {
                codes.UnionWith(concept.Relation switch
                {
                    ConceptRelation.In or ConceptRelation.NotIn => (await source.ExpandAsync(caller, code!, cancellationToken)).SelectMany(TokensOf),
                    ConceptRelation.Below =>
                        (await source.DescendantsAsync(caller, system!, code!, cancellationToken)).Select(one => new TokenSearchValue(system, one)),
                    _ => (await source.AncestorsAsync(caller, system!, code!, cancellationToken)).Select(one => new TokenSearchValue(system, one)),
                });
            }
            catch (FhirException unknown) when (unknown.Status == HttpStatusCode.NotFound)
            {
                // It is not the address of the search that leads nowhere.
                throw new FhirException(HttpStatusCode.BadRequest, unknown.Outcome.Issue);
            }
        }

        // Elements of type code have no system of their own, and the index knows that of required bindings alone.
        if (!concept.Parameter.Modifiers.Contains("text"))
        {
            codes.UnionWith([.. codes.Where(one => one.Code is not null).Select(one => new TokenSearchValue("", one.Code))]);
        }

        var isNegated = concept.Relation == ConceptRelation.NotIn;
        return codes.Count > 0 ? new ValueCriterion(concept.Parameter, isNegated ? SearchModifier.Not : SearchModifier.None, [.. codes])
            : isNegated ? new AllCriterion([])
            : AnyCriterion.Nothing;
    }

    private static IEnumerable<TokenSearchValue> TokensOf(SystemCodes codes) => codes.IsWhole
        ? [new TokenSearchValue(codes.System, null)]
        : codes.Codes.Select(code => new TokenSearchValue(codes.System, code));
}
