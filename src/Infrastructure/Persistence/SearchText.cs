using System.Text;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Strings as they are compared: without case, accents, and runs of white space.</summary>
internal static class SearchText
{
    /// <summary>How much of a string the index holds; PostgreSQL limits an index entry to about 2,700 bytes.</summary>
    public const int IndexedLength = 128;

    public static string Normalize(string text)
    {
        if (Ascii.IsValid(text) && !text.AsSpan().ContainsAny('\t', '\n', '\r') && !text.Contains("  ", StringComparison.Ordinal))
        {
            return text.Trim().ToLowerInvariant();
        }

        var result = new StringBuilder(text.Length);
        var space = false;
        foreach (var rune in Valid(text).EnumerateRunes())
        {
            if (rune.IsBmp && Accents.IsAccent((char)rune.Value))
            {
                continue;
            }

            if (Rune.IsWhiteSpace(rune))
            {
                space = result.Length > 0;
                continue;
            }

            if (space)
            {
                result.Append(' ');
                space = false;
            }

            var lower = Rune.ToLowerInvariant(rune);
            result.Append((lower.IsBmp ? Accents.Plain((char)lower.Value) : null) ?? lower.ToString());
        }

        return result.ToString();
    }

    /// <summary>The part that the index holds; never half a surrogate pair.</summary>
    public static string Cut(string text) => text.Length <= IndexedLength
        ? text
        : text[..(char.IsHighSurrogate(text[IndexedLength - 1]) ? IndexedLength - 1 : IndexedLength)];

    /// <summary>The least text that sorts, byte for byte, after all that start with the prefix.</summary>
    public static string After(string prefix) => prefix + "\U0010FFFF";

    /// <summary>A lone surrogate cannot be stored as UTF-8; PostgreSQL has no NUL either.</summary>
    public static string Valid(string text)
    {
        var valid = text.Contains('\0', StringComparison.Ordinal) ? text.Replace("\0", "\uFFFD", StringComparison.Ordinal) : text;
        return valid.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(valid)) : valid;
    }
}
