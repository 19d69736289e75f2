namespace TeleFhir.Domain.Search;

/// <summary>A code with its system; <see cref="System"/> null where the element has none.</summary>
/// <param name="ParameterId">Whose value it is.</param>
/// <param name="Item">Which repetition of a composite's base element it came from, from 1; 0 for the resource itself.</param>
/// <param name="System">The system URI, or null.</param>
/// <param name="Code">The code, identifier value, boolean or text as written; empty where there is a system only.</param>
public readonly record struct TokenValue(int ParameterId, short Item, string? System, string Code);

/// <summary>A reference to a resource here (<c>Type/id</c>), or elsewhere or to a canonical (the URL as written, version cut off).</summary>
/// <param name="ParameterId">Whose value it is.</param>
/// <param name="Item">As in <see cref="TokenValue"/>.</param>
/// <param name="TargetType">The type referred to, null where it is not known.</param>
/// <param name="Target"><c>Type/id</c> without version, or an absolute URL, or a canonical, or <c>#id</c> never (contained resources are not indexed).</param>
public readonly record struct ReferenceValue(int ParameterId, short Item, string? TargetType, string Target);

/// <summary>A half-open range [<paramref name="Low"/>, <paramref name="High"/>) of 100 ns ticks UTC since year 1; open ends are
/// <see cref="DateRange.Earliest"/> and <see cref="DateRange.Latest"/>.</summary>
public readonly record struct DateValue(int ParameterId, short Item, long Low, long High);

/// <summary>A number or a quantity as written; <paramref name="Code"/> is the coded unit, <paramref name="Unit"/> the printed one.</summary>
public readonly record struct QuantityValue(int ParameterId, short Item, decimal Value, string? System, string? Code, string? Unit);

/// <summary>A string part or a URI as written.</summary>
public readonly record struct StringValue(int ParameterId, short Item, string Text);

/// <summary>All that is indexed of one resource. Values are distinct and in the order of the catalogue.</summary>
public sealed class IndexValues
{
    /// <summary>Token values.</summary>
    public List<TokenValue> Tokens { get; } = [];

    /// <summary>Reference values.</summary>
    public List<ReferenceValue> References { get; } = [];

    /// <summary>Date values.</summary>
    public List<DateValue> Dates { get; } = [];

    /// <summary>Number and quantity values.</summary>
    public List<QuantityValue> Quantities { get; } = [];

    /// <summary>String and URI values.</summary>
    public List<StringValue> Strings { get; } = [];

    /// <summary>The place of the resource in time: the lowest value of its type's timeline parameter in ticks, 0 where there is none.</summary>
    public long Rank { get; set; }

    /// <summary>The patient (<c>Patient/id</c>) that the resource is about where it is exactly one; null otherwise.</summary>
    public string? Patient { get; set; }
}
