using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TeleFhir.Domain.Fhir;

public static partial class FhirJson
{
    private enum LinkKind
    {
        None,
        Reference,
        Address,
        Narrative,
    }

    /// <summary>
    /// Replaces what points to another entry of a Bundle, for which <paramref name="map"/> knows the new address: references, other
    /// addresses (an attachment's url, a canonical) and links in narratives
    /// (https://hl7.org/fhir/R4/http.html#trules). Null where nothing changes. The input must be sound JSON.
    /// </summary>
    public static byte[]? RewriteReferences(ReadOnlySpan<byte> json, Func<string, string?> map)
    {
        var reader = new Utf8JsonReader(json, _readerOptions);
        ArrayBufferWriter<byte>? output = null;
        var copied = 0;
        ReadOnlySpan<byte> name = default;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.StartObject)
            {
                // A name stays in force through the array behind it.
                name = reader.TokenType == JsonTokenType.PropertyName ? reader.ValueSpan : default;
                continue;
            }

            if (reader.TokenType != JsonTokenType.String || Kind(name, reader.ValueSpan) is var kind && kind == LinkKind.None)
            {
                continue;
            }

            var value = reader.GetString()!;
            var replacement = kind == LinkKind.Narrative ? MapLinks(value, map) : map(value);
            if (replacement is null || replacement == value)
            {
                continue;
            }

            output ??= new ArrayBufferWriter<byte>(json.Length + 256);
            output.Write(json[copied..((int)reader.TokenStartIndex + 1)]);
            output.Write(JsonEncodedText.Encode(replacement, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            copied = (int)reader.BytesConsumed - 1;
        }

        if (output is null)
        {
            return null;
        }

        output.Write(json[copied..]);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>
    /// The references that name their target by a search (<c>Practitioner?identifier=system|value</c>), with the element of each
    /// (https://hl7.org/fhir/R4/http.html#trules). The input must be sound JSON.
    /// </summary>
    public static ImmutableArray<ConditionalReference> FindConditionalReferences(ReadOnlySpan<byte> json, string? source = null)
    {
        if (!json.Contains((byte)'?'))
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<ConditionalReference>();
        foreach (var (reference, expression) in FindReferences(json, source, static value => value.Contains((byte)'?')))
        {
            if (reference.IndexOf('?', StringComparison.Ordinal) is > 0 and var mark && ResourceCatalog.IsKnown(reference[..mark]))
            {
                found.Add(new(reference, reference[..mark], reference[(mark + 1)..], expression));
            }
        }

        return found.ToImmutable();
    }

    /// <summary>All references in the order they are written, with the element of each. The input must be sound JSON.</summary>
    public static ImmutableArray<(string Reference, string Expression)> ReferencesIn(ReadOnlySpan<byte> json) =>
        [.. FindReferences(json, null, static _ => true)];

    /// <summary>The references whose raw text satisfies the test, with the element of each. The input must be sound JSON.</summary>
    internal static List<(string Reference, string Expression)> FindReferences(
        ReadOnlySpan<byte> json, string? source, Func<ReadOnlySpan<byte>, bool> test)
    {
        var found = new List<(string, string)>();
        var reader = new Utf8JsonReader(json, _readerOptions);
        var path = new ElementPath(json, stackalloc ElementPath.Frame[MaxDepth + 1]);
        while (reader.Read())
        {
            path.Enter(in reader);
            if (reader.TokenType == JsonTokenType.String && path.IsNamed("reference"u8) && test(reader.ValueSpan))
            {
                found.Add((reader.GetString()!, path.ToString(source ?? TypeOf(json) ?? "Resource")));
            }

            path.Leave(in reader);
        }

        return found;
    }

    private static LinkKind Kind(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("reference"u8))
        {
            return LinkKind.Reference;
        }

        if (name.SequenceEqual("div"u8))
        {
            return value.IndexOf("urn:"u8) >= 0 || value.IndexOf("http"u8) >= 0 ? LinkKind.Narrative : LinkKind.None;
        }

        return (value.StartsWith("urn:"u8) || value.StartsWith("http"u8)) && ElementNames.IsAddress(Encoding.UTF8.GetString(name))
            ? LinkKind.Address
            : LinkKind.None;
    }

    private static string MapLinks(string div, Func<string, string?> map) =>
        NarrativeLink().Replace(div, link => map(link.Value) ?? link.Value);

    [GeneratedRegex("""(?<=\s(?:href|src)\s*=\s*["'])[^"']+(?=["'])""", RegexOptions.CultureInvariant)]
    private static partial Regex NarrativeLink();
}

/// <summary>A reference by search instead of by id.</summary>
/// <param name="Reference">As written: <c>Type?query</c>.</param>
/// <param name="Type">The type searched.</param>
/// <param name="Query">The search parameters.</param>
/// <param name="Expression">The element that holds it.</param>
public sealed record ConditionalReference(string Reference, string Type, string Query, string Expression);
