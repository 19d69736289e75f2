using System.Collections.Immutable;

namespace TeleFhir.Domain.Search;

/// <summary>URIs as a hierarchy (https://hl7.org/fhir/R4/search.html#uri): of their path, or of the parts of a URN.</summary>
public static class UriPath
{
    private const int MostLevels = 64;

    /// <summary>The URI itself and all that it lies under: the text up to each of its separators, with and without that.</summary>
    public static ImmutableArray<string> Above(string uri)
    {
        var start = uri.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? scheme + 3
            : uri.IndexOf(':', StringComparison.Ordinal) + 1;
        var separators = uri.StartsWith("urn:", StringComparison.Ordinal) ? ":./" : "/";
        var above = ImmutableArray.CreateBuilder<string>();
        above.Add(uri);
        for (var at = uri.Length - 1; at >= start && above.Count < MostLevels; at--)
        {
            if (separators.Contains(uri[at], StringComparison.Ordinal))
            {
                if (at < uri.Length - 1)
                {
                    above.Add(uri[..(at + 1)]);
                }

                above.Add(uri[..at]);
            }
        }

        return above.ToImmutable();
    }
}
