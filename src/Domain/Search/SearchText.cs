using System.Collections.Immutable;
using System.Text;

namespace TeleFhir.Domain.Search;

/// <summary>
/// The writing rules that all search values share: separators, and escapes that take their meaning away
/// (https://hl7.org/fhir/R4/search.html#escaping).
/// </summary>
internal static class SearchText
{
    /// <summary>The text with a backslash before what would separate values or parts of them.</summary>
    public static string Escape(string text) => text
        .Replace(@"\", @"\\", StringComparison.Ordinal)
        .Replace(",", @"\,", StringComparison.Ordinal)
        .Replace("|", @"\|", StringComparison.Ordinal)
        .Replace("$", @"\$", StringComparison.Ordinal);

    /// <summary>Cuts at each separator that is not escaped; the parts keep their escapes.</summary>
    public static ImmutableArray<string> Split(string text, char separator)
    {
        var parts = ImmutableArray.CreateBuilder<string>();
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == separator)
            {
                parts.Add(text[start..at]);
                start = at + 1;
            }
        }

        parts.Add(text[start..]);
        return parts.ToImmutable();
    }

    /// <summary>The alternatives of a comma list; blank ones say nothing and are dropped.</summary>
    public static ImmutableArray<string> Alternatives(string text) => [.. Split(text, ',').Where(part => !string.IsNullOrWhiteSpace(part))];

    /// <summary>The text itself. A backslash before anything that needs none stands for itself.</summary>
    public static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is ',' or '|' or '$' or '\\')
            {
                at++;
            }

            plain.Append(text[at]);
        }

        return plain.ToString();
    }

    /// <summary>
    /// Whether every database and every serialiser can hold the text: PostgreSQL takes no NUL, and half a surrogate pair is not
    /// UTF-8 at all.
    /// </summary>
    public static bool IsStorable(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at++;
            }
            else if (char.IsSurrogate(text[at]) || text[at] is '\0' or '\uFFFE' or '\uFFFF')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A name that a caller made up, short and without control characters, to be named in a message.</summary>
    public static string Shown(string? name)
    {
        var text = name is { Length: > 60 } ? name[..60] : name ?? "";
        return string.Concat(text.Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
    }
}
