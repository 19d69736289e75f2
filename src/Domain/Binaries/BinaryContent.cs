using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Binaries;

/// <summary>
/// The content of a Binary as its stored resource names it: in the place of <c>data</c> is an extension of that element, which only the server
/// writes. So old versions keep their content, and equal content makes no new version.
/// </summary>
/// <param name="Blob">The name of the blob.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha1">SHA-1 in base64, as <c>Attachment.hash</c> has it.</param>
/// <param name="Sha256">SHA-256 in base64.</param>
public sealed record BinaryContent(string Blob, long Size, string Sha1, string Sha256)
{
    /// <summary>The extension of <c>Binary.data</c>; the same wherever it is stored, whatever the canonical base of a server.</summary>
    public const string Url = "https://telefhir.dev/fhir/StructureDefinition/binary-content";

    private static readonly JsonDocumentOptions _options = new() { MaxDepth = FhirJson.MaxDepth };
    private static readonly JsonWriterOptions _written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a Binary names as its content; null where it names none.</summary>
    public static BinaryContent? Of(ReadOnlyMemory<byte> binary)
    {
        using var document = JsonDocument.Parse(binary, _options);
        return document.RootElement.TryGetProperty("_data"u8, out var element) ? Read(element) : null;
    }

    /// <summary>The Binary with nothing but its content in the place of <c>data</c>; with neither where there is none.</summary>
    public static ReadOnlyMemory<byte> Put(ReadOnlyMemory<byte> binary, BinaryContent? content)
    {
        using var document = JsonDocument.Parse(binary, _options);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, _written))
        {
            json.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject().Where(member => !member.NameEquals("data"u8) && !member.NameEquals("_data"u8)))
            {
                member.WriteTo(json);
            }

            content?.Write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Writes a Binary whole: what is stored, and by <paramref name="data"/> the member <c>data</c>.</summary>
    public static async ValueTask WriteWholeAsync(Utf8JsonWriter json, ReadOnlyMemory<byte> binary, Func<ValueTask> data)
    {
        using var document = JsonDocument.Parse(binary, _options);
        json.WriteStartObject();
        foreach (var member in document.RootElement.EnumerateObject().Where(member => !member.NameEquals("_data"u8)))
        {
            member.WriteTo(json);
        }

        await data();
        json.WriteEndObject();
    }

    private static BinaryContent? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("extension"u8, out var extensions) || extensions.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (var extension in extensions.EnumerateArray())
        {
            if (Text(extension, "url") != Url || !extension.TryGetProperty("extension"u8, out var parts) || parts.ValueKind != JsonValueKind.Array)
            {
                continue;
            }

            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var part in parts.EnumerateArray())
            {
                if (Text(part, "url") is { } name && (Text(part, "valueId") ?? Text(part, "valueDecimal") ?? Text(part, "valueBase64Binary")) is { } value)
                {
                    values[name] = value;
                }
            }

            return values.TryGetValue("blob", out var blob) && values.TryGetValue("sha1", out var sha1) && values.TryGetValue("sha256", out var sha256)
                && long.TryParse(values.GetValueOrDefault("size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                    ? new BinaryContent(blob, size, sha1, sha256)
                    : null;
        }

        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? value.ToString()
            : null;

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("_data"u8);
        json.WriteStartArray("extension"u8);
        json.WriteStartObject();
        json.WriteString("url"u8, Url);
        json.WriteStartArray("extension"u8);
        Part("blob", "valueId", Blob);
        json.WriteStartObject();
        json.WriteString("url"u8, "size");
        json.WriteNumber("valueDecimal"u8, Size);
        json.WriteEndObject();
        Part("sha1", "valueBase64Binary", Sha1);
        Part("sha256", "valueBase64Binary", Sha256);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        void Part(string url, string name, string value)
        {
            json.WriteStartObject();
            json.WriteString("url"u8, url);
            json.WriteString(name, value);
            json.WriteEndObject();
        }
    }
}
