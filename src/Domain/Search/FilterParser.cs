using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>Turns a filter into the conditions that plain parameters are made of (https://hl7.org/fhir/R4/search_filter.html#ops).</summary>
internal sealed class FilterParser(SearchParameterCatalog catalog, SearchValueParser values, CriterionParser criteria)
{
    /// <summary>The condition of a filter on resources of the type; <paramref name="knows"/> says which names it may use.</summary>
    public Criterion Parse(string type, string text, Func<string, bool> knows) => Bind(FilterText.Read(text), type, knows);

    private Criterion Bind(FilterNode node, string type, Func<string, bool> knows)
    {
        switch (node)
        {
            case FilterPair { IsAnd: true } pair:
                return new AllCriterion([Bind(pair.Left, type, knows), Bind(pair.Right, type, knows)]);
            case FilterPair pair:
                return new AnyCriterion([Bind(pair.Left, type, knows), Bind(pair.Right, type, knows)]);
            case FilterNot not:
                return new NotCriterion(Bind(not.Inner, type, knows));
            case FilterTest test:
                return Bind(test, 0, type, knows);
            default:
                throw new NotSupportedException(node.GetType().Name);
        }
    }

    private Criterion Bind(FilterTest test, int at, string type, Func<string, bool> knows)
    {
        var (name, where) = test.Path[at];
        var (code, target) = CriterionParser.Cut(name);
        if (!knows(code) || catalog.Searchable(type, code) is not { } parameter)
        {
            throw FhirException.Invalid($"_filter: {type} has no search parameter {SearchText.Shown(code)}.");
        }

        var isLast = at == test.Path.Count - 1;
        if (isLast && where is null)
        {
            return target is null
                ? Compare(parameter, test.Operator, test.Value)
                : throw FhirException.Invalid($"_filter: {code} takes no modifier here.");
        }

        if (isLast && test is not { Operator: "pr", Value: "true" or "false" })
        {
            throw FhirException.Invalid($"_filter: behind the bracket of {code} a parameter must follow, or pr.");
        }

        static bool All(string one) => true;
        var chain = criteria.Chain(parameter, target, SearchText.Shown(name), reached =>
        {
            Criterion? inner = where is null ? null : Bind(where, reached, All);
            Criterion? rest = isLast ? null : Bind(test, at + 1, reached, All);
            return (inner, rest) switch
            {
                (null, _) => rest,
                (_, null) => inner,
                _ => new AllCriterion([inner, rest]),
            };
        });
        return isLast && test.Value == "false" ? new NotCriterion(chain) : chain;
    }

    private Criterion Compare(SearchParameter parameter, string operation, string value)
    {
        criteria.Spend(1);
        if (operation == "pr")
        {
            return value is "true" or "false"
                ? new MissingCriterion(parameter, value == "false")
                : throw FhirException.Invalid("_filter: pr takes true or false.");
        }

        return parameter.Type switch
        {
            SearchParamType.String => Text(parameter, operation, value),
            SearchParamType.Token => Token(parameter, operation, value),
            SearchParamType.Uri => Uri(parameter, operation, value),
            SearchParamType.Reference => Reference(parameter, operation, value),
            SearchParamType.Composite when operation == "eq" => Of(parameter, SearchModifier.None, values.Parse(parameter, value, null)),
            SearchParamType.Date when operation == "po" => Overlap(parameter, value),
            SearchParamType.Date or SearchParamType.Number or SearchParamType.Quantity
                when operation is "eq" or "ne" or "gt" or "lt" or "ge" or "le" or "sa" or "eb" or "ap" =>
                Of(parameter, SearchModifier.None, values.Parse(parameter, operation + value, null)),
            _ => throw Unfit(parameter, operation),
        };
    }

    private static ValueCriterion Text(SearchParameter parameter, string operation, string value) => Of(
        parameter,
        operation switch
        {
            "eq" => SearchModifier.Whole,
            "ne" => SearchModifier.Unequal,
            "co" => SearchModifier.Contains,
            "sw" => SearchModifier.None,
            "ew" => SearchModifier.EndsWith,
            _ => throw Unfit(parameter, operation),
        },
        new StringSearchValue(value));

    private Criterion Token(SearchParameter parameter, string operation, string value) => operation switch
    {
        "eq" => Of(parameter, SearchModifier.None, TokenOf(parameter, value)),
        "ne" when parameter.Kind == IndexKind.Id => Of(parameter, SearchModifier.Not, TokenOf(parameter, value)),
        "ne" => Of(parameter, SearchModifier.Unequal, TokenOf(parameter, value)),
        "in" when parameter.Modifiers.Contains("in") => criteria.Concept(parameter, ConceptRelation.In, Escaped(value)),
        "ss" when parameter.Modifiers.Contains("below") => criteria.Concept(parameter, ConceptRelation.Below, Escaped(value)),
        "sb" when parameter.Modifiers.Contains("above") => criteria.Concept(parameter, ConceptRelation.Above, Escaped(value)),
        _ => throw Unfit(parameter, operation),
    };

    private static ValueCriterion Uri(SearchParameter parameter, string operation, string value) => Of(
        parameter,
        operation switch
        {
            "eq" => SearchModifier.None,
            "ne" => SearchModifier.Unequal,
            "sw" or "ss" => SearchModifier.Below,
            "sb" => SearchModifier.Above,
            _ => throw Unfit(parameter, operation),
        },
        new StringSearchValue(value));

    private ValueCriterion Reference(SearchParameter parameter, string operation, string value) => Of(
        parameter,
        operation switch
        {
            "eq" or "re" => SearchModifier.None,
            "ne" => SearchModifier.Unequal,
            _ => throw Unfit(parameter, operation),
        },
        values.Parse(parameter, Escaped(value), null));

    /// <summary>About, but without a margin: the two have a moment in common.</summary>
    private ValueCriterion Overlap(SearchParameter parameter, string value) => Of(
        parameter,
        SearchModifier.None,
        values.Parse(parameter, "eq" + value, null) is DateSearchValue date ? date with { Prefix = SearchPrefix.Ap } : throw Unfit(parameter, "po"));

    private static TokenSearchValue TokenOf(SearchParameter parameter, string value) => SearchValueParser.Token(parameter.Code, Escaped(value));

    // In a filter nothing needs escaping but what quotation marks need; the bar of a token keeps its meaning.
    private static string Escaped(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);

    private static ValueCriterion Of(SearchParameter parameter, SearchModifier modifier, SearchValue value) => new(parameter, modifier, [value]);

    private static FhirException Unfit(SearchParameter parameter, string operation) =>
        FhirException.Invalid($"_filter: {SearchText.Shown(operation)} does not compare parameter {parameter.Code}.");
}
