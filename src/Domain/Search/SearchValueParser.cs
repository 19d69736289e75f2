using System.Buffers;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Reads one alternative of a search value as the type of its parameter says (https://hl7.org/fhir/R4/search.html#ptypes).
/// What is no such value is 400; the value itself is never repeated in the message, since it may be about a patient.
/// </summary>
internal sealed class SearchValueParser(string baseUrl, TimeProvider clock)
{
    private static readonly SearchValues<char> _schemeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    private readonly string _base = baseUrl.TrimEnd('/') + "/";

    /// <summary>The value of a parameter; after <c>:[type]</c> a reference to that type.</summary>
    public SearchValue Parse(SearchParameter parameter, string text, string? referenceType) => parameter.Type == SearchParamType.Composite
        ? Composite(parameter, text)
        : Parse(parameter.Type, parameter.Code, text, referenceType, Only(TargetsOf(parameter)));

    /// <summary>A token, also where <c>:identifier</c> makes one of a reference.</summary>
    public static TokenSearchValue Token(string code, string text)
    {
        var parts = SearchText.Split(text, '|');
        return parts switch
        {
            [var value] => new TokenSearchValue(null, SearchText.Unescape(value)),
            ["", ""] => throw Invalid(code, "needs a system or a code beside the |"),
            [var system, ""] => new TokenSearchValue(SearchText.Unescape(system), null),
            [var system, var value] => new TokenSearchValue(SearchText.Unescape(system), SearchText.Unescape(value)),
            _ => throw Invalid(code, "has more than one |; write \\| for one that belongs to the value"),
        };
    }

    /// <summary>
    /// The types that a reference parameter can find: those its rows are limited to (<c>patient</c> reads the Patient rows of
    /// <c>subject</c>), else those its definition names, else any.
    /// </summary>
    public static ImmutableArray<string> TargetsOf(SearchParameter parameter) =>
        TargetsOf(parameter.Sources) is { IsEmpty: false } limited ? limited
        : parameter.Targets.IsEmpty ? ResourceCatalog.Types
        : parameter.Targets;

    private CompositeSearchValue Composite(SearchParameter parameter, string text)
    {
        var parts = SearchText.Split(text, '$');
        if (parts.Length != parameter.Components.Length || parts.Any(string.IsNullOrWhiteSpace))
        {
            throw Invalid(parameter.Code, $"needs {parameter.Components.Length} parts with $ between them");
        }

        var values = parameter.Components.Zip(parts, (component, part) =>
            Parse(component.Type, parameter.Code, part, referenceType: null, Only(TargetsOf(component.Sources))));
        return new CompositeSearchValue([.. values]);
    }

    private SearchValue Parse(SearchParamType type, string code, string text, string? referenceType, string? onlyTarget) => type switch
    {
        SearchParamType.Token => Token(code, text),
        SearchParamType.String or SearchParamType.Uri => new StringSearchValue(SearchText.Unescape(text)),
        SearchParamType.Reference => Reference(code, text, referenceType, onlyTarget),
        SearchParamType.Date => Date(code, text),
        SearchParamType.Number => Number(code, text, system: null, unit: null),
        SearchParamType.Quantity => Quantity(code, text),
        _ => throw FhirException.NotSupported($"Values of parameter {code} are not supported."),
    };

    private ReferenceSearchValue Reference(string code, string text, string? referenceType, string? onlyTarget)
    {
        var reference = SearchText.Unescape(text);
        if (reference.Contains('|', StringComparison.Ordinal))
        {
            // Canonicals are indexed without their version, so it could only be passed over in silence.
            throw FhirException.NotSupported($"Parameter {code} does not compare versions of canonicals; leave out the | and the rest.");
        }

        if (reference.StartsWith(_base, StringComparison.Ordinal) && ResourceKey.TryParse(reference[_base.Length..], out _))
        {
            reference = reference[_base.Length..];
        }

        if (ResourceKey.TryParse(reference, out var key))
        {
            return referenceType is null || referenceType == key.Type
                ? new ReferenceSearchValue(key.Type, key.Id, null)
                : throw Invalid(code, $"is asked for {referenceType} and given another type");
        }

        if (ResourceKey.IsId(reference))
        {
            return new ReferenceSearchValue(referenceType ?? onlyTarget, reference, null);
        }

        return IsAbsolute(reference) && ReferenceTarget.TryReadCanonical(reference, out var url, out _)
            ? new ReferenceSearchValue(null, null, url)
            : throw Invalid(code, "needs an id, Type/id or an absolute URL");
    }

    private DateSearchValue Date(string code, string text)
    {
        var (prefix, rest) = Prefixed(code, text);
        if (!DateRange.TryParse(SearchText.Unescape(rest), out var range))
        {
            throw Invalid(code, "needs a date such as 2024, 2024-05, 2024-05-31 or 2024-05-31T10:30:00Z");
        }

        return new DateSearchValue(prefix, prefix == SearchPrefix.Ap ? About(range) : range);
    }

    // About: a tenth of the time between now and the date, to both sides (https://hl7.org/fhir/R4/search.html#prefix).
    private DateRange About(DateRange range)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var margin = Math.Max(0, Math.Max(range.Low - now, now - range.High)) / 10;
        return new DateRange(
            Math.Max(DateRange.Earliest, range.Low - margin),
            range.High > DateRange.Latest - margin ? DateRange.Latest : range.High + margin);
    }

    private static QuantitySearchValue Quantity(string code, string text) => SearchText.Split(text, '|') switch
    {
        [var number] => Number(code, number, system: null, unit: null),
        [var number, var system, var unit] => Number(code, number, system, unit),
        _ => throw Invalid(code, "needs a number alone, or number|system|code where system or code may be empty"),
    };

    private static QuantitySearchValue Number(string code, string text, string? system, string? unit)
    {
        var (prefix, rest) = Prefixed(code, text);
        if (!NumberRange.TryParse(rest, out var range))
        {
            throw Invalid(code, "needs a decimal number of no more than 26 digits");
        }

        var bounds = prefix == SearchPrefix.Ap ? range.Widened() : range;
        var value = new QuantitySearchValue(prefix, range.Value, bounds.Low, bounds.High, Given(system), Given(unit));
        return value with { InBaseUnits = InBaseUnits(value) };
    }

    private static QuantitySearchValue? InBaseUnits(QuantitySearchValue value) =>
        value.System == BaseUnit.Ucum && BaseUnit.Of(value.Code) is { } unit
        && unit.Convert(value.Value) is { } number && unit.Convert(value.Low) is { } low && unit.Convert(value.High) is { } high
            ? new QuantitySearchValue(value.Prefix, number, low, high, null, unit.Symbol)
            : null;

    /// <summary>The value of <c>:of-type</c>: a token of the type's system, whose code is that of the type and the value.</summary>
    public static TokenSearchValue OfType(string code, string text) => SearchText.Split(text, '|') is [var system, var type, var value]
        && type.Length > 0 && value.Length > 0
            ? new TokenSearchValue(SearchText.Unescape(system), $"{SearchText.Unescape(type)}|{SearchText.Unescape(value)}")
            : throw Invalid(code, "with :of-type needs system|code|value, the system and the code being those of the identifier's type");

    private static (SearchPrefix Prefix, string Operand) Prefixed(string code, string text)
    {
        SearchPrefix? prefix = text.Length < 2 ? null : text[..2] switch
        {
            "eq" => SearchPrefix.Eq,
            "ne" => SearchPrefix.Ne,
            "gt" => SearchPrefix.Gt,
            "lt" => SearchPrefix.Lt,
            "ge" => SearchPrefix.Ge,
            "le" => SearchPrefix.Le,
            "sa" => SearchPrefix.Sa,
            "eb" => SearchPrefix.Eb,
            "ap" => SearchPrefix.Ap,
            _ => null,
        };
        var rest = prefix is null ? text : text[2..];
        return string.IsNullOrWhiteSpace(rest) ? throw Invalid(code, "has no value after its prefix") : (prefix ?? SearchPrefix.Eq, rest);
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : SearchText.Unescape(text);

    private static string? Only(ImmutableArray<string> types) => types is [var type] ? type : null;

    private static ImmutableArray<string> TargetsOf(ImmutableArray<IndexSource> sources) =>
        sources.All(source => source.TargetType is not null) ? [.. sources.Select(source => source.TargetType!).Distinct()] : [];

    private static bool IsAbsolute(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < text.Length - 1 && char.IsAsciiLetter(text[0])
            && text.AsSpan(0, colon).IndexOfAnyExcept(_schemeCharacters) < 0;
    }

    private static FhirException Invalid(string code, string what) => FhirException.Invalid($"Parameter {code} {what}.");
}
