using System.Globalization;

namespace TeleFhir.Domain.Search;

/// <summary>
/// The conditions of a search as one text: equal where they are equal in meaning, whatever their order and spelling, and whatever
/// page, order or form of the result is asked for. Conditional creates that race each other lock on it
/// (https://hl7.org/fhir/R4/http.html#ccreate).
/// </summary>
public static class SearchGuard
{
    /// <summary>The normal form: types, then the conditions in order of their text.</summary>
    public static string Of(SearchQuery query) =>
        $"{Join(query.Types.Select(Text))}?{Join(query.Criteria.Select(Text))}";

    private static string Text(Criterion criterion) => criterion switch
    {
        ValueCriterion value => $"{Name(value.Parameter)}:{value.Modifier}={Join(value.Values.Select(Text))}",
        MissingCriterion missing => $"{Name(missing.Parameter)}:Missing={missing.IsMissing}",
        ChainCriterion chain => $"{Name(chain.Reference)}.{Join(chain.Targets.Select(Text))}",
        ConceptCriterion concept => $"{Name(concept.Parameter)}:{concept.Relation}={Join(concept.Values.Select(Text))}",
        WordsCriterion words => $"words:{words.IsContent}={Join(words.Texts.Select(Text))}",
        NotCriterion not => $"!{Text(not.Criterion)}",
        AnyCriterion any => $"any{Join(any.Alternatives.Select(Text))}",
        AllCriterion all => $"all{Join(all.Parts.Select(Text))}",
        HasCriterion has => $"_has:{has.SourceType}:{has.Reference.Code}:{Text(has.Criterion)}",
        _ => throw new ArgumentOutOfRangeException(nameof(criterion), criterion.GetType(), "has no normal form"),
    };

    private static string Text(ChainTarget target) => $"{target.Type}.{Text(target.Criterion)}";

    private static string Text(SearchValue value) => value switch
    {
        TokenSearchValue token => $"{Text(token.System)}|{Text(token.Code)}",
        ReferenceSearchValue reference => $"{Text(reference.Type)}/{Text(reference.Id)}/{Text(reference.Url)}",
        // The bounds of "about" move with the clock; one lock for all of them is safe, one for each moment would not be.
        DateSearchValue { Prefix: SearchPrefix.Ap } => nameof(SearchPrefix.Ap),
        DateSearchValue date => string.Create(CultureInfo.InvariantCulture, $"{date.Prefix}{date.Range.Low}-{date.Range.High}"),
        QuantitySearchValue quantity => Text(quantity),
        StringSearchValue text => Text(text.Text),
        CompositeSearchValue composite => string.Join('$', composite.Parts.Select(Text)),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "has no normal form"),
    };

    // "0.#" drops the zeros that a decimal keeps: 5.0 and 5.00 differ in their bounds alone.
    private static string Text(QuantitySearchValue quantity) =>
        $"{quantity.Prefix}{Digits(quantity.Value)}[{Digits(quantity.Low)},{Digits(quantity.High)})"
        + $"|{Text(quantity.System)}|{Text(quantity.Code)}";

    private static string Digits(decimal number) => number.ToString("0.############################", CultureInfo.InvariantCulture);

    // The length in front keeps a text from passing for another that has separators in it.
    private static string Text(string? text) =>
        text is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text}");

    private static string Name(SearchParameter parameter) => $"{parameter.ResourceType}.{parameter.Code}";

    private static string Join(IEnumerable<string> parts) => $"({string.Join(',', parts.Distinct().Order(StringComparer.Ordinal))})";
}
