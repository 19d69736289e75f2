using System.Buffers;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Changes to a resource, told instead of the whole of it (https://hl7.org/fhir/R4/http.html#patch). They are made to the stored JSON, so
/// what they do not name stays as it is, digit for digit. A patch that is none is a 400; one that this resource does not fit is a 422.
/// </summary>
public abstract class ResourcePatch
{
    /// <summary>How many operations a patch may have.</summary>
    public const int MaxOperations = 1000;

    private static readonly JsonDocumentOptions _parsing = new() { MaxDepth = FhirJson.MaxDepth, AllowDuplicateProperties = false };

    private protected ResourcePatch(string? source) => Source = source;

    /// <summary>Where the patch sits, for the expressions of a Bundle's entries; null for a single request.</summary>
    private protected string? Source { get; }

    /// <summary>Reads a JSON Patch (RFC 6902).</summary>
    public static ResourcePatch OfJson(ReadOnlyMemory<byte> body, string? source = null) => JsonPatch.Read(body, source);

    /// <summary>Reads a FHIRPath Patch: a Parameters resource in JSON (https://hl7.org/fhir/R4/fhirpatch.html).</summary>
    public static ResourcePatch OfParameters(ReadOnlyMemory<byte> body, string? source = null) => FhirPathPatch.Read(body, source);

    /// <summary>
    /// The resource as the patch leaves it: not yet validated, and not stamped. Its type, id, version and time are not for patches. A narrative
    /// that was generated from data that are now others is left out, since it might no longer be true.
    /// </summary>
    /// <param name="stored">A resource as it is stored.</param>
    public byte[] Apply(ReadOnlyMemory<byte> stored)
    {
        var before = Parse(stored, Source).AsObject();
        var after = Apply((JsonObject)before.DeepClone()) as JsonObject
            ?? throw Impossible("A patch must leave a resource, which is a JSON object.");
        foreach (var name in (ReadOnlySpan<string>)["resourceType", "id"])
        {
            RefuseChange(before[name], after[name], name);
        }

        foreach (var name in (ReadOnlySpan<string>)["versionId", "lastUpdated"])
        {
            RefuseChange(before["meta"]![name], (after["meta"] as JsonObject)?[name] ?? before["meta"]![name], $"meta.{name}");
        }

        DropStaleNarrative(before, after);
        return Serialize(after);
    }

    /// <summary>Makes the changes to the resource, which may be used up.</summary>
    private protected abstract JsonNode? Apply(JsonObject resource);

    private protected static JsonNode Parse(ReadOnlyMemory<byte> json, string? source)
    {
        JsonScan.EnsureText(json.Span, source);
        try
        {
            return JsonNode.Parse(json.Span, documentOptions: _parsing) ?? throw FhirException.Invalid("A patch is not null.", source);
        }
        catch (JsonException exception)
        {
            throw JsonScan.Malformed(exception, source);
        }
    }

    private protected FhirException Impossible(string text) =>
        new(HttpStatusCode.UnprocessableEntity, [FhirException.Issue(OperationOutcome.IssueType.Processing, text, Source)]);

    /// <summary>How many levels of objects and arrays there are below and with this value; with <paramref name="size"/>, how many values.</summary>
    private protected static int HeightOf(JsonNode? value, ref int size)
    {
        size++;
        var height = 0;
        switch (value)
        {
            case JsonObject members:
                foreach (var (_, member) in members)
                {
                    height = Math.Max(height, HeightOf(member, ref size));
                }

                return height + 1;
            case JsonArray items:
                foreach (var item in items)
                {
                    height = Math.Max(height, HeightOf(item, ref size));
                }

                return height + 1;
            default:
                return 0;
        }
    }

    private void RefuseChange(JsonNode? before, JsonNode? after, string name)
    {
        if (!JsonNode.DeepEquals(before, after))
        {
            throw Impossible($"{name} cannot be patched.");
        }
    }

    private static void DropStaleNarrative(JsonObject before, JsonObject after)
    {
        if (after["text"] is not JsonObject text || !JsonNode.DeepEquals(before["text"], text)
            || text["status"] is not JsonValue status || status.ToString() is not ("generated" or "extensions"))
        {
            return;
        }

        foreach (var name in before.Select(member => member.Key).Union(after.Select(member => member.Key)).ToList())
        {
            if (name != "meta" && !JsonNode.DeepEquals(before[name], after[name]))
            {
                after.Remove("text");
                return;
            }
        }
    }

    private static byte[] Serialize(JsonObject resource)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, FhirJson.WriterOptions))
        {
            resource.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
