using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Reads the conditions of one search: plain parameters, modifiers, chains and <c>_has</c>, to a limited depth and a limited number
/// in all, since a short untyped chain can stand for thousands of conditions.
/// </summary>
internal sealed class CriterionParser(SearchParameterCatalog catalog, SearchValueParser values, bool indexesContent)
{
    /// <summary>How a parameter name that asks for referring resources begins.</summary>
    public const string Has = "_has:";

    private const int MaxDepth = 10;
    private const int MaxAlternatives = 1_000;
    private const int MaxConditions = 10_000;
    private const int MaxValueSets = 10;
    private const int MaxTexts = 20;
    private const int MaxTextLength = 1_000;

    private static readonly FrozenDictionary<string, SearchModifier> _modifiers = new Dictionary<string, SearchModifier>
    {
        ["above"] = SearchModifier.Above,
        ["below"] = SearchModifier.Below,
        ["contains"] = SearchModifier.Contains,
        ["exact"] = SearchModifier.Exact,
        ["identifier"] = SearchModifier.Identifier,
        ["not"] = SearchModifier.Not,
        ["of-type"] = SearchModifier.OfType,
        ["text"] = SearchModifier.Text,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, ConceptRelation> _relations = new Dictionary<string, ConceptRelation>
    {
        ["above"] = ConceptRelation.Above,
        ["below"] = ConceptRelation.Below,
        ["in"] = ConceptRelation.In,
        ["not-in"] = ConceptRelation.NotIn,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private int _conditions;

    /// <summary>The condition, or null where the type has no such parameter.</summary>
    public Criterion? Parse(string type, string name, string value) => Parse(type, name, value, depth: 0);

    private Criterion? Parse(string type, string name, string value, int depth)
    {
        if (depth > MaxDepth)
        {
            throw FhirException.Invalid($"A chain may have at most {MaxDepth} links.");
        }

        if (name.StartsWith(Has, StringComparison.Ordinal))
        {
            return ReverseChain(name, value, depth);
        }

        if (name == "_filter")
        {
            Spend(1);
            return new FilterParser(catalog, values, this).Parse(type, value, _ => true);
        }

        if (name is "_text" or "_content")
        {
            return Words(name == "_content", value);
        }

        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (code, modifier) = Cut(dot < 0 ? name : name[..dot]);
        if (catalog.Searchable(type, code) is not { Type: not SearchParamType.Special } parameter)
        {
            return null;
        }

        return dot < 0
            ? Condition(parameter, modifier, value)
            : Chain(parameter, modifier, name[(dot + 1)..], target => Parse(target, name[(dot + 1)..], value, depth + 1));
    }

    /// <summary>A name and the modifier after its colon, null where there is none.</summary>
    public static (string Code, string? Modifier) Cut(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (name, null) : (name[..colon], name[(colon + 1)..]);
    }

    /// <summary>Words of the narrative or of the whole content (https://hl7.org/fhir/R4/search.html#content).</summary>
    private WordsCriterion Words(bool isContent, string value)
    {
        if (isContent && !indexesContent)
        {
            throw FhirException.NotSupported("_content is not supported: this server does not index the whole content (Search:IndexContent).");
        }

        var alternatives = SearchText.Alternatives(value);
        Spend(alternatives.Length);
        return alternatives.Length is > 0 and <= MaxTexts && value.Length <= MaxTextLength
            ? new WordsCriterion(isContent, [.. alternatives.Select(SearchText.Unescape)])
            : throw FhirException.Invalid($"Looking for words takes 1 to {MaxTexts} texts of together {MaxTextLength} characters.");
    }

    private Criterion Condition(SearchParameter parameter, string? modifier, string value) => modifier switch
    {
        null => Values(parameter, SearchModifier.None, value),
        _ when parameter.Type == SearchParamType.Reference && ResourceCatalog.IsKnown(modifier) =>
            Values(parameter, SearchModifier.None, value, referenceType: modifier),
        _ when !parameter.Modifiers.Contains(modifier) => throw Refused(parameter, modifier),
        "missing" => Missing(parameter, value),
        _ when parameter.Type == SearchParamType.Token && _relations.TryGetValue(modifier, out var relation) => Concept(parameter, relation, value),
        _ => Values(parameter, _modifiers[modifier], value),
    };

    private static FhirException Refused(SearchParameter parameter, string modifier) =>
        modifier is "in" or "not-in" or "above" or "below" or "of-type" or "text"
            ? FhirException.NotSupported($"Modifier :{modifier} is not supported on parameter {parameter.Code}.")
            : FhirException.Invalid($"Parameter {parameter.Code} does not take the modifier :{SearchText.Shown(modifier)}.");

    private static MissingCriterion Missing(SearchParameter parameter, string value) => value switch
    {
        "true" => new MissingCriterion(parameter, true),
        "false" => new MissingCriterion(parameter, false),
        _ => throw FhirException.Invalid($"{parameter.Code}:missing takes true or false."),
    };

    private ValueCriterion Values(SearchParameter parameter, SearchModifier modifier, string value, string? referenceType = null)
    {
        var alternatives = SearchText.Alternatives(value);
        if (alternatives.IsEmpty)
        {
            throw FhirException.Invalid($"Parameter {parameter.Code} has no value.");
        }

        if (alternatives.Length > MaxAlternatives)
        {
            throw FhirException.Invalid($"Parameter {parameter.Code} has more than {MaxAlternatives} alternatives.");
        }

        Spend(alternatives.Length);
        return new ValueCriterion(parameter, modifier, [.. alternatives.Select(alternative => modifier switch
        {
            SearchModifier.Identifier => SearchValueParser.Token(parameter.Code, alternative),
            SearchModifier.OfType => SearchValueParser.OfType(parameter.Code, alternative),
            SearchModifier.Text => new StringSearchValue(SearchText.Unescape(alternative)),
            _ => values.Parse(parameter, alternative, referenceType),
        })]);
    }

    /// <summary>
    /// What holds at the resources that a reference leads to: of one type, or of each that <paramref name="onTarget"/> has a condition for.
    /// </summary>
    public ChainCriterion Chain(SearchParameter parameter, string? type, string rest, Func<string, Criterion?> onTarget)
    {
        if (parameter.Type != SearchParamType.Reference || (type is not null && !ResourceCatalog.IsKnown(type)))
        {
            throw FhirException.Invalid($"Parameter {parameter.Code} cannot be chained like this: it needs a reference, and the type, "
                + "if one is named, must be a resource type.");
        }

        var types = type is null ? SearchValueParser.TargetsOf(parameter) : [type];
        var targets = ImmutableArray.CreateBuilder<ChainTarget>();
        FhirException? refusal = null;
        foreach (var target in types)
        {
            try
            {
                Spend(1);
                if (onTarget(target) is { } criterion)
                {
                    targets.Add(new ChainTarget(target, criterion));
                }
            }
            catch (FhirException refused) when (types.Length > 1 && _conditions <= MaxConditions)
            {
                // One code can be a date on one type and a string on another: the chain means those that it fits.
                refusal ??= refused;
            }
        }

        return targets.Count > 0
            ? new ChainCriterion(parameter, targets.ToImmutable())
            : throw refusal ?? FhirException.Invalid(
                $"No type that parameter {parameter.Code} may refer to here has a parameter {SearchText.Shown(rest)}.");
    }

    /// <summary>Codes by where they stand in value sets and code systems.</summary>
    public ConceptCriterion Concept(SearchParameter parameter, ConceptRelation relation, string value)
    {
        var alternatives = SearchText.Alternatives(value);
        Spend(alternatives.Length);
        return alternatives.Length is > 0 and <= MaxValueSets
            ? new ConceptCriterion(parameter, relation, [.. alternatives.Select(alternative => relation is ConceptRelation.In or ConceptRelation.NotIn
                ? new TokenSearchValue(null, SearchText.Unescape(alternative))
                : SearchValueParser.Token(parameter.Code, alternative) is { System.Length: > 0, Code.Length: > 0 } token
                    ? token
                    : throw FhirException.Invalid($"Parameter {parameter.Code} needs system|code behind this modifier."))])
            : throw FhirException.Invalid($"Parameter {parameter.Code} needs 1 to {MaxValueSets} values behind this modifier.");
    }

    private HasCriterion ReverseChain(string name, string value, int depth)
    {
        var parts = name[Has.Length..].Split(':', 3);
        if (parts is not [var source, var code, var rest] || !ResourceCatalog.IsKnown(source)
            || catalog.Searchable(source, code) is not { Type: SearchParamType.Reference } reference)
        {
            throw FhirException.Invalid("_has needs _has:Type:reference:parameter, where the reference is a parameter of the type.");
        }

        Spend(1);
        var criterion = Parse(source, rest, value, depth + 1)
            ?? throw FhirException.Invalid($"{source} has no search parameter {SearchText.Shown(rest)}.");
        return new HasCriterion(source, reference, criterion);
    }

    /// <summary>Counts conditions; 400 where there are too many.</summary>
    public void Spend(int conditions)
    {
        _conditions += conditions;
        if (_conditions > MaxConditions)
        {
            throw FhirException.Invalid("The search has too many conditions; name the types in its chains or shorten its lists.");
        }
    }
}
