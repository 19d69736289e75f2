using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TeleFhir.Domain.Monitoring;

/// <summary>
/// How readings are found in what a wearable's service sends, as a description in JSON (docs/wearables.md). A path is names with dots between
/// them, each perhaps with a condition behind it (<c>measures[type=10].value</c>); lists on the way are gone through. Alternatives have
/// <c>|</c> between them: the first that leads to something counts.
/// </summary>
public sealed record PayloadMap
{
    private static readonly JsonSerializerOptions _strict = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>The name under which it is asked for.</summary>
    public string Source { get; init; } = "";

    /// <summary><c>json</c> or <c>xml</c>, of which attributes and elements are members.</summary>
    public string Format { get; init; } = "json";

    /// <summary>What readings there may be.</summary>
    public ImmutableArray<ReadingMap> Readings { get; init; } = [];

    /// <summary>Reads a description; throws <see cref="InvalidDataException"/> where it is none, with a sentence that says why.</summary>
    public static PayloadMap Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var map = JsonSerializer.Deserialize<PayloadMap>(json, _strict) ?? throw new InvalidDataException("The description is empty.");
            return map.Fault() is { } fault ? throw new InvalidDataException(fault) : map;
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"The description cannot be read: {wrong.Message}", wrong);
        }
    }

    private string? Fault() =>
        Source.Length is 0 or > 64 || !Source.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') ? "source must be lower case letters, digits and hyphens."
        : Format is not ("json" or "xml") ? "format must be json or xml."
        : Readings.IsDefaultOrEmpty ? "readings must not be empty."
        : Readings.Select(reading => reading.Fault()).FirstOrDefault(fault => fault is not null);
}

/// <summary>One kind of reading.</summary>
public sealed record ReadingMap
{
    /// <summary>The path to the items, from the root; empty for the root itself.</summary>
    public string Each { get; init; } = "";

    /// <summary>What the members of an item that is one must be.</summary>
    public ImmutableDictionary<string, string> Where { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The LOINC code.</summary>
    public string Measure { get; init; } = "";

    /// <summary>When it was measured, from the item: ISO 8601 with an offset, or seconds or milliseconds since 1970.</summary>
    public string Start { get; init; } = "";

    /// <summary>Until when, where it is of a period; empty where it is not.</summary>
    public string End { get; init; } = "";

    /// <summary>What tells it from all others of the source; empty where nothing does.</summary>
    public string Id { get; init; } = "";

    /// <summary>The value; null where it is in components.</summary>
    public ValueMap? Value { get; init; }

    /// <summary>The values of the components, by LOINC code; all must be there.</summary>
    public ImmutableDictionary<string, ValueMap> Components { get; init; } = ImmutableDictionary<string, ValueMap>.Empty;

    internal string? Fault() =>
        Measure.Length == 0 ? "Each of readings needs a measure, which is a LOINC code."
        : Start.Length == 0 ? $"The reading {Measure} needs a start."
        : Value is null == Components.IsEmpty ? $"The reading {Measure} needs a value or components, not both."
        : Components.Values.Prepend(Value).OfType<ValueMap>().Any(value => value.Path.Length == 0 || (value.Unit.Length == 0) == (value.UnitPath.Length == 0))
            ? $"Values of the reading {Measure} need a path, and a unit or a unitPath."
        : null;
}

/// <summary>A number with a unit.</summary>
public sealed record ValueMap
{
    /// <summary>The path to the number, from the item.</summary>
    public string Path { get; init; } = "";

    /// <summary>The UCUM unit; empty where the payload says it.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The path to the unit; empty where it is always the same.</summary>
    public string UnitPath { get; init; } = "";

    /// <summary>UCUM units by what the payload calls them.</summary>
    public ImmutableDictionary<string, string> Units { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The path to the power of ten that the number is multiplied with; empty for none.</summary>
    public string PowerPath { get; init; } = "";

    /// <summary>What the number is multiplied with.</summary>
    public decimal Factor { get; init; } = 1;
}
