using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The resource types that are served: every R4 type (https://hl7.org/fhir/R4/resourcelist.html).
/// Routes, capability statement, OpenAPI and storage all read this list.
/// </summary>
public static class ResourceCatalog
{
    private static readonly FrozenDictionary<string, short> _numbers = ModelInfo.SupportedResources
        .Order(StringComparer.Ordinal)
        .Select((type, index) => (type, number: (short)(index + 1)))
        .ToFrozenDictionary(entry => entry.type, entry => entry.number, StringComparer.Ordinal);

    /// <summary>All type names in alphabetical order.</summary>
    public static ImmutableArray<string> Types { get; } = [.. _numbers.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether R4 has this type; names are case-sensitive.</summary>
    public static bool IsKnown(string? type) => type is not null && _numbers.ContainsKey(type);

    /// <summary>
    /// The number under which the type is stored: its place, from 1, in the alphabetical list of R4 types.
    /// R4 is closed, so the numbers never change.
    /// </summary>
    public static short NumberOf(string type) => _numbers[type];

    /// <summary>The type stored under a number.</summary>
    public static string NameOf(short number) => Types[number - 1];
}
