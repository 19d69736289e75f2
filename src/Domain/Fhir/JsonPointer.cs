using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;

namespace TeleFhir.Domain.Fhir;

/// <summary>A place in a JSON document (RFC 6901); what it names need not exist.</summary>
/// <param name="Text">As written.</param>
/// <param name="Names">Its reference tokens, unescaped; empty for the whole document.</param>
internal sealed record JsonPointer(string Text, ImmutableArray<string> Names)
{
    /// <summary>The place behind the last item of an array.</summary>
    public const string End = "-";

    /// <summary>The last token; there is none for the whole document.</summary>
    public string Last => Names[^1];

    /// <summary>Reads a pointer: empty, or tokens that each begin with a slash, with <c>~0</c> and <c>~1</c> as the only escapes.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPointer? pointer)
    {
        pointer = null;
        if (text.Length > 0 && text[0] != '/')
        {
            return false;
        }

        for (var i = text.IndexOf('~', StringComparison.Ordinal); i >= 0; i = text.IndexOf('~', i + 1))
        {
            if (i + 1 == text.Length || text[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        // In this order: ~01 is ~1 and no slash.
        pointer = new(text, [.. text.Split('/').Skip(1).Select(token =>
            token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]);
        return true;
    }

    /// <summary>Whether the other is at a place below this one.</summary>
    public bool IsAbove(JsonPointer other) =>
        other.Names.Length > Names.Length && other.Names.AsSpan()[..Names.Length].SequenceEqual(Names.AsSpan());

    /// <summary>The object or array that holds the last token; false where there is none. Not for the whole document.</summary>
    public bool TryFindParent(JsonNode root, [NotNullWhen(true)] out JsonNode? parent) =>
        TryFind(root, Names.Length - 1, out parent) && parent is JsonObject or JsonArray;

    /// <summary>The value at this place, which may be a JSON null; false where there is none.</summary>
    public bool TryFind(JsonNode root, out JsonNode? value) => TryFind(root, Names.Length, out value);

    /// <summary>An index of an array: no sign, no leading zero.</summary>
    public static bool TryIndex(string token, out int index)
    {
        index = -1;
        return (token == "0" || token is [>= '1' and <= '9', ..])
            && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    private bool TryFind(JsonNode root, int length, out JsonNode? value)
    {
        value = root;
        foreach (var name in Names.AsSpan()[..length])
        {
            switch (value)
            {
                case JsonObject members when members.TryGetPropertyValue(name, out var member):
                    value = member;
                    break;
                case JsonArray items when TryIndex(name, out var index) && index < items.Count:
                    value = items[index];
                    break;
                default:
                    value = null;
                    return false;
            }
        }

        return true;
    }
}
