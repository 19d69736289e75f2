using System.Collections.Frozen;
using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// Where references between the entries of a Bundle lead: from the fullUrl of an entry to the resource it becomes
/// (https://hl7.org/fhir/R4/bundle.html#references).
/// </summary>
internal sealed class ReferenceMap
{
    private readonly ImmutableArray<BundleEntry> _entries;
    private readonly FrozenDictionary<string, string> _addresses;

    public ReferenceMap(ImmutableArray<BundleEntry> entries, ImmutableArray<ResourceKey?> keys)
    {
        _entries = entries;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].FullUrl is not { } fullUrl)
            {
                continue;
            }

            if (!seen.Add(fullUrl))
            {
                throw FhirException.Invalid("Two entries have this fullUrl.", $"{entries[i].Source}.fullUrl");
            }

            if (keys[i] is { } key && entries[i].Interaction is Interaction.Create or Interaction.Update)
            {
                addresses.Add(fullUrl, key.ToString());
            }
        }

        _addresses = addresses.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>
    /// The map for the references of one entry. A relative reference means what it meant where the entry's fullUrl is from.
    /// </summary>
    public Func<string, string?> From(int index, Dictionary<string, string> conditional)
    {
        var origin = OriginOf(_entries[index].FullUrl);
        return reference =>
            conditional.GetValueOrDefault(reference)
            ?? _addresses.GetValueOrDefault(reference)
            ?? (origin is not null && ResourceKey.TryParse(reference, out _) ? _addresses.GetValueOrDefault(origin + reference) : null);
    }

    /// <summary>Refuses references by urn to what is not in the Bundle: nobody could ever follow them.</summary>
    public static void RefuseDangling(ReadOnlySpan<byte> json, string source)
    {
        if (json.IndexOf("urn:"u8) < 0)
        {
            return;
        }

        var dangling = FhirJson.FindReferences(
            json, source, static value => value.StartsWith("urn:uuid:"u8) || value.StartsWith("urn:oid:"u8));
        if (dangling.Count > 0)
        {
            throw FhirException.Invalid("The reference leads to no entry of this Bundle.", dangling[0].Expression);
        }
    }

    /// <summary>The base of a fullUrl such as <c>https://host/fhir/Patient/1</c>, with its slash; else null.</summary>
    private static string? OriginOf(string? fullUrl)
    {
        if (fullUrl is null || !fullUrl.StartsWith("http", StringComparison.Ordinal))
        {
            return null;
        }

        var id = fullUrl.LastIndexOf('/');
        var type = id > 0 ? fullUrl.LastIndexOf('/', id - 1) : -1;
        return type > 0 && ResourceCatalog.IsKnown(fullUrl[(type + 1)..id]) ? fullUrl[..(type + 1)] : null;
    }
}
