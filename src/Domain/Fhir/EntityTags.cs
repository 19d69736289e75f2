using System.Collections.Immutable;
using System.Globalization;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The entity tags of If-Match and If-None-Match: <c>W/"3"</c>, a list of them, or <c>*</c>
/// (https://hl7.org/fhir/R4/http.html#concurrency).
/// </summary>
public static class EntityTags
{
    /// <summary>Stands for <c>*</c>: whatever version there is.</summary>
    public const int Any = 0;

    /// <summary>Stands for a tag that is none of ours, so that no version can have it.</summary>
    public const int Foreign = -1;

    /// <summary>The versions named; empty where there is no tag. What is no list of tags is a 400.</summary>
    public static ImmutableArray<int> Parse(string? text, string? expression = null)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return [];
        }

        var versions = ImmutableArray.CreateBuilder<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var tag = part.StartsWith("W/", StringComparison.Ordinal) ? part[2..] : part;
            if (tag == "*" && tag == part)
            {
                versions.Add(Any);
            }
            else if (tag.Length >= 2 && tag[0] == '"' && tag[^1] == '"')
            {
                var isVersion = int.TryParse(tag.AsSpan(1..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var version);
                versions.Add(isVersion && version > 0 ? version : Foreign);
            }
            else
            {
                throw FhirException.Invalid("An entity tag is written W/\"version\".", expression);
            }
        }

        return versions.ToImmutable();
    }
}
