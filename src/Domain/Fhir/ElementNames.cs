using System.Collections.Frozen;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>What the R4 definitions, as the SDK carries them, say about the names of JSON properties.</summary>
internal static class ElementNames
{
    private static readonly FrozenSet<string> _choices = ModelInfo.ModelInspector.ClassMappings
        .SelectMany(type => type.PropertyMappings)
        .Where(element => element.Choice == ChoiceType.DatatypeChoice)
        .Select(element => element.Name)
        .ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> _types = ModelInfo.ModelInspector.ClassMappings
        .Where(type => !type.IsResource && !type.IsBackboneType)
        .Select(type => type.Name)
        .Distinct(StringComparer.OrdinalIgnoreCase)
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> _addresses = FindAddresses();

    /// <summary>The element behind a property name: <c>value</c> for <c>valueQuantity</c>; the name itself for all others.</summary>
    public static string ElementOf(string property)
    {
        for (var i = 1; i < property.Length; i++)
        {
            if (char.IsAsciiLetterUpper(property[i]) && _choices.Contains(property[..i]) && _types.Contains(property[i..]))
            {
                return property[..i];
            }
        }

        return property;
    }

    /// <summary>
    /// Whether a property holds an address: always of type uri, url, canonical, oid or uuid, by its name alone.
    /// <c>url</c> is a plain string in one place only (TestScript operations), where an address is meant too.
    /// </summary>
    public static bool IsAddress(string property) =>
        _addresses.Contains(property) || (ElementOf(property) is var element && element.Length < property.Length
            && property[element.Length..] is "Uri" or "Url" or "Canonical" or "Oid" or "Uuid");

    private static FrozenSet<string> FindAddresses()
    {
        var plain = ModelInfo.ModelInspector.ClassMappings
            .Where(type => !type.IsFhirPrimitive)
            .SelectMany(type => type.PropertyMappings)
            .Where(element => element.Choice == ChoiceType.None)
            .ToLookup(
                element => element.Name,
                element => element.FhirTypeMappings.Any(type => type.Name is "uri" or "url" or "canonical" or "oid" or "uuid"));
        return plain.Where(name => name.All(isAddress => isAddress)).Select(name => name.Key).Append("url")
            .ToFrozenSet(StringComparer.Ordinal);
    }
}
