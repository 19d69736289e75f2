using System.Globalization;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// The address of an entry's request, relative to the base (https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request.url).
/// A type that is there is an R4 type, an id keeps the rules of ids.
/// </summary>
/// <param name="Text">As written, without the base.</param>
/// <param name="Type">The first segment where it is a type.</param>
/// <param name="Id">The id behind the type.</param>
/// <param name="Rest">
/// What follows: <c>_history</c>, <c>_history/2</c>, <c>_search</c>, <c>$everything</c>, the type of a compartment search; or empty.
/// </param>
/// <param name="Query">What follows the question mark, undecoded; null where there is none.</param>
public sealed record BundleUrl(string Text, string? Type, string? Id, string Rest, string? Query)
{
    /// <summary>Reads an address; an absolute one must begin with the base. An unknown type is a 404, all else a 400.</summary>
    public static BundleUrl Parse(string? url, string? baseUrl)
    {
        var text = url ?? string.Empty;
        if (text.StartsWith("http://", StringComparison.Ordinal) || text.StartsWith("https://", StringComparison.Ordinal))
        {
            var root = baseUrl?.TrimEnd('/');
            text = root is not null && text.StartsWith(root, StringComparison.Ordinal)
                && (text.Length == root.Length || text[root.Length] is '/' or '?')
                ? text[root.Length..]
                : throw FhirException.Invalid("The address is not relative to the base of this server.");
        }

        text = text.TrimStart('/');
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 ? null : text[(mark + 1)..];
        var path = (mark < 0 ? text : text[..mark]).TrimEnd('/');
        var segments = path.Split('/');
        if (path.Length == 0 || segments[0][0] is '$' or '_' || path == "metadata")
        {
            return new(text, null, null, path, query);
        }

        if (!ResourceCatalog.IsKnown(segments[0]))
        {
            throw FhirException.NotFound("The address does not begin with a resource type.");
        }

        if (segments.Length == 1 || segments[1].Length > 0 && segments[1][0] is '$' or '_')
        {
            return new(text, segments[0], null, string.Join('/', segments[1..]), query);
        }

        return ResourceKey.IsId(segments[1])
            ? new(text, segments[0], segments[1], string.Join('/', segments[2..]), query)
            : throw FhirException.Invalid("The id in the address is not an id.");
    }

    /// <summary>What a GET of this address does, or null where it is nothing that a Bundle may ask for.</summary>
    public Interaction? ReadInteraction => (Type, Id, Rest) switch
    {
        (null, _, "metadata") => Interaction.Capabilities,
        (null, _, "") => Interaction.SearchSystem,
        (null, _, "_history") => Interaction.HistorySystem,
        (not null, null, "") => Interaction.SearchType,
        (not null, null, "_history") => Interaction.HistoryType,
        (not null, not null, "") => Interaction.Read,
        (not null, not null, "_history") => Interaction.HistoryInstance,
        (not null, not null, _) when Version is not null => Interaction.VersionRead,
        (not null, not null, "*") => Interaction.SearchSystem,
        (not null, not null, _) when ResourceCatalog.IsKnown(Rest) => Interaction.SearchType,
        _ => null,
    };

    /// <summary>The version of <c>Type/id/_history/version</c>.</summary>
    public int? Version => Rest.StartsWith("_history/", StringComparison.Ordinal)
        && int.TryParse(Rest.AsSpan("_history/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
            ? version
            : null;
}
