using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace TeleFhir.Domain.Fhir;

public static partial class FhirJson
{
    /// <summary>
    /// What is stored: <c>resourceType</c>, <c>id</c> and <c>meta</c> first, the id, version and time written in, everything else as the
    /// client wrote it except for white space between tokens. The input was parsed before, so it is sound.
    /// </summary>
    public static byte[] Stamp(ReadOnlySpan<byte> json, string id, int version, DateTimeOffset lastUpdated)
    {
        var reader = new Utf8JsonReader(json, _readerOptions);
        using var meta = new JsonTokenWriter(512);
        using var rest = new JsonTokenWriter(json.Length);
        ReadOnlySpan<byte> type = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("resourceType"u8))
            {
                reader.Read();
                type = reader.ValueSpan;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
            }
            else if (reader.ValueTextEquals("meta"u8))
            {
                reader.Read();
                CopyMeta(ref reader, meta);
            }
            else
            {
                rest.WriteValue(ref reader);
            }
        }

        using var stamped = new JsonTokenWriter(json.Length + 256);
        Span<byte> text = stackalloc byte[64];
        stamped.Open((byte)'{');
        stamped.Name("resourceType"u8);
        stamped.String(type);
        stamped.Name("id"u8);
        stamped.String(text[..Encoding.ASCII.GetBytes(id, text)]);
        stamped.Name("meta"u8);
        stamped.Open((byte)'{');
        stamped.Name("versionId"u8);
        version.TryFormat(text, out var written, default, CultureInfo.InvariantCulture);
        stamped.String(text[..written]);
        stamped.Name("lastUpdated"u8);
        lastUpdated.UtcDateTime.TryFormat(text, out written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        stamped.String(text[..written]);
        stamped.Raw(meta.Written);
        stamped.Close((byte)'}');
        stamped.Raw(rest.Written);
        stamped.Close((byte)'}');
        return stamped.ToArray();
    }

    /// <summary>
    /// Whether two stamped resources differ in version and time alone, so that writing the second would change nothing. Equal bytes are
    /// the common case; otherwise the order of properties and the way of escaping do not count, the digits of numbers do.
    /// </summary>
    public static bool EqualsIgnoringVersion(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> stamped)
    {
        var (a, b) = (VersionRange(stored), VersionRange(stamped));
        if (!stored[..a.Start].SequenceEqual(stamped[..b.Start]))
        {
            return false;
        }

        if (stored[a.End..].SequenceEqual(stamped[b.End..]))
        {
            return true;
        }

        var readerA = new Utf8JsonReader(stored, _readerOptions);
        var readerB = new Utf8JsonReader(stamped, _readerOptions);
        using var documentA = JsonDocument.ParseValue(ref readerA);
        using var documentB = JsonDocument.ParseValue(ref readerB);
        return AreEqual(documentA.RootElement, documentB.RootElement, isRoot: true);
    }

    private static void CopyMeta(ref Utf8JsonReader reader, JsonTokenWriter meta)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("versionId"u8) || reader.ValueTextEquals("_versionId"u8)
                || reader.ValueTextEquals("lastUpdated"u8) || reader.ValueTextEquals("_lastUpdated"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                meta.WriteValue(ref reader);
            }
        }
    }

    /// <summary>From the value of versionId to the end of that of lastUpdated, which a stamp always writes in this form.</summary>
    private static (int Start, int End) VersionRange(ReadOnlySpan<byte> stamped)
    {
        var start = stamped.IndexOf("\"meta\":{\"versionId\":\""u8);
        var after = "\",\"lastUpdated\":\""u8;
        var end = stamped[start..].IndexOf(after);
        return (start, start + end + after.Length + "yyyy-MM-ddTHH:mm:ss.fffZ\"".Length);
    }

    private static bool AreEqual(JsonElement a, JsonElement b, bool isRoot = false, bool isMeta = false)
    {
        if (a.ValueKind != b.ValueKind)
        {
            return false;
        }

        switch (a.ValueKind)
        {
            case JsonValueKind.Object:
                if (a.GetPropertyCount() != b.GetPropertyCount())
                {
                    return false;
                }

                foreach (var property in a.EnumerateObject())
                {
                    var isIgnored = isMeta && (property.NameEquals("versionId"u8) || property.NameEquals("lastUpdated"u8));
                    if (!b.TryGetProperty(property.Name, out var other)
                        || (!isIgnored && !AreEqual(property.Value, other, isMeta: isRoot && property.NameEquals("meta"u8))))
                    {
                        return false;
                    }
                }

                return true;
            case JsonValueKind.Array:
                return a.GetArrayLength() == b.GetArrayLength()
                    && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second));
            case JsonValueKind.String:
                return a.ValueEquals(b.GetString());
            default:
                return JsonMarshal.GetRawUtf8Value(a)
                    .SequenceEqual(JsonMarshal.GetRawUtf8Value(b));
        }
    }
}
