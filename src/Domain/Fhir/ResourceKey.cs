using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Names one resource, or one version of it: <c>Type/id</c> or <c>Type/id/_history/version</c>.
/// A key that exists is well formed: the type is an R4 resource type, the id keeps the rules of the <c>id</c> data type
/// (https://hl7.org/fhir/R4/datatypes.html#id) and the version, if any, is 1 or more.
/// </summary>
public readonly record struct ResourceKey
{
    private static readonly SearchValues<char> _idCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    /// <summary>Names a resource whose parts are known to be well formed.</summary>
    public ResourceKey(string type, string id, int? version = null)
    {
        if (!ResourceCatalog.IsKnown(type) || !IsId(id) || version < 1)
        {
            throw FhirException.NotFound($"{type}/{id} is not the name of a resource.");
        }

        Type = type;
        Id = id;
        Version = version;
    }

    /// <summary>The resource type, for example <c>Patient</c>.</summary>
    public string Type { get; }

    /// <summary>The logical id.</summary>
    public string Id { get; }

    /// <summary>The version, or null for whichever is current.</summary>
    public int? Version { get; }

    /// <summary>Whether the text keeps the rules of the <c>id</c> data type.</summary>
    public static bool IsId([NotNullWhen(true)] string? id) =>
        id is { Length: >= 1 and <= 64 } && !id.AsSpan().ContainsAnyExcept(_idCharacters);

    /// <summary>Reads a relative reference, with or without a version.</summary>
    public static bool TryParse([NotNullWhen(true)] string? reference, out ResourceKey key)
    {
        key = default;
        var parts = reference?.Split('/') ?? [];
        var version = 0;
        var shaped = parts.Length == 2
            || (parts.Length == 4 && parts[2] == "_history"
                && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out version) && version >= 1);
        if (!shaped || !ResourceCatalog.IsKnown(parts[0]) || !IsId(parts[1]))
        {
            return false;
        }

        key = new ResourceKey(parts[0], parts[1], parts.Length == 4 ? version : null);
        return true;
    }

    /// <summary>The relative reference: <c>Type/id</c>, with the version where the key has one.</summary>
    public override string ToString() => Version is { } version
        ? string.Create(CultureInfo.InvariantCulture, $"{Type}/{Id}/_history/{version}")
        : $"{Type}/{Id}";
}
