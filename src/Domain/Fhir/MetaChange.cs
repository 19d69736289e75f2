using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Profiles, security labels and tags put on a resource or taken from it, and nothing else touched
/// (https://hl7.org/fhir/R4/resource-operation-meta-add.html). Labels and tags are the same where system and code are.
/// </summary>
public static class MetaChange
{
    private static readonly string[] _lists = ["profile", "security", "tag"];

    /// <summary>The stored JSON with what the other meta has and this one has not.</summary>
    public static byte[] Add(ReadOnlyMemory<byte> stored, Meta given) => Change(stored, given, (items, item) =>
    {
        if (!items.Any(other => IsSame(other, item)))
        {
            items.Add(item.DeepClone());
        }
    });

    /// <summary>The stored JSON without what the other meta has.</summary>
    public static byte[] Delete(ReadOnlyMemory<byte> stored, Meta given) => Change(stored, given, (items, item) =>
    {
        foreach (var same in items.Where(other => IsSame(other, item)).ToList())
        {
            items.Remove(same);
        }
    });

    /// <summary>The meta of a stored resource, as it is written.</summary>
    public static string Of(ReadOnlyMemory<byte> stored)
    {
        using var document = JsonDocument.Parse(stored);
        return document.RootElement.GetProperty("meta"u8).GetRawText();
    }

    private static byte[] Change(ReadOnlyMemory<byte> stored, Meta given, Action<JsonArray, JsonNode> change)
    {
        var resource = JsonNode.Parse(stored.Span)!.AsObject();
        var meta = resource["meta"]!.AsObject();
        var other = JsonNode.Parse(FhirJson.Serialize(given))!.AsObject();
        foreach (var name in _lists)
        {
            var items = meta[name] as JsonArray ?? [];
            foreach (var item in other[name] as JsonArray ?? [])
            {
                change(items, item!);
            }

            if (items.Count == 0)
            {
                meta.Remove(name);
            }
            else if (items.Parent is null)
            {
                meta[name] = items;
            }
        }

        return Encoding.UTF8.GetBytes(resource.ToJsonString(new JsonSerializerOptions { Encoder = FhirJson.WriterOptions.Encoder }));
    }

    private static bool IsSame(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (JsonObject x, JsonObject y) => (string?)x["system"] == (string?)y["system"] && (string?)x["code"] == (string?)y["code"],
        _ => JsonNode.DeepEquals(a, b),
    };
}
