using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TeleFhir.Definitions;

/// <summary>
/// The value sets and code systems, one resource a line, without what no terminology operation tells: narrative, publishers, mappings.
/// They stay FHIR, so that what is built in and what is stored go through the same code.
/// </summary>
internal static class TerminologyList
{
    // In the order in which they are written; every other element is left out.
    private static readonly string[] _kept =
    [
        "resourceType", "id", "url", "version", "name", "title", "status", "caseSensitive", "valueSet", "hierarchyMeaning", "content",
        "supplements", "filter", "property", "concept", "compose", "expansion",
    ];

    public static byte[] Make(PackageResources resources)
    {
        var lines = new ArrayBufferWriter<byte>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var resource in resources.Of("CodeSystem").Concat(resources.Of("ValueSet")))
        {
            if (resource["url"] is { } url && seen.Add($"{resource["resourceType"]} {url}"))
            {
                Write(resource, lines);
                lines.Write("\n"u8);
            }
        }

        return lines.WrittenSpan.ToArray();
    }

    private static void Write(JsonObject resource, ArrayBufferWriter<byte> lines)
    {
        var kept = new JsonObject();
        foreach (var name in _kept)
        {
            if (resource[name] is { } value)
            {
                kept[name] = Prune(value.DeepClone());
            }
        }

        using var writer = new Utf8JsonWriter(lines, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        kept.WriteTo(writer);
    }

    // Extensions of concepts are comments and committee marks. Runs of white space in a definition come from its source's line breaks.
    private static JsonNode Prune(JsonNode node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var name in map.Select(member => member.Key).ToList())
                {
                    if (name is "extension" or "id" || name[0] == '_')
                    {
                        map.Remove(name);
                    }
                    else if (name is "definition" && map[name] is JsonValue text)
                    {
                        map[name] = string.Join(' ', ((string)text!).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
                    }
                    else
                    {
                        Prune(map[name]!);
                    }
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Prune(item!);
                }

                break;
            default:
                break;
        }

        return node;
    }
}
