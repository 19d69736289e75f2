using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Writes id, version and time into the JSON that a client sent and leaves all else as it was, byte for byte: decimals keep their
/// digits, strings their escapes. Only insignificant white space goes, and <c>resourceType</c>, <c>id</c>, <c>meta</c> come first.
/// </summary>
public static class JsonStamp
{
    private static readonly byte[] _metaStart = "\"meta\":{\"versionId\":\""u8.ToArray();
    private static readonly byte[] _lastUpdated = "\",\"lastUpdated\":\""u8.ToArray();

    /// <summary>The bytes to store. The JSON must have been parsed without fault.</summary>
    public static byte[] Stamp(ReadOnlySpan<byte> json, string id, int version, DateTimeOffset lastUpdated)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 160);
        ReadOnlySpan<byte> type = default, meta = default;
        var members = new List<Range>(24);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isType = reader.ValueTextEquals("resourceType"u8);
            var isMeta = reader.ValueTextEquals("meta"u8);
            var isId = reader.ValueTextEquals("id"u8);
            reader.Read();
            var value = (int)reader.TokenStartIndex;
            reader.Skip();
            var end = (int)reader.BytesConsumed;
            if (isType)
            {
                type = json[value..end];
            }
            else if (isMeta)
            {
                meta = json[value..end];
            }
            else if (!isId)
            {
                members.Add(start..end);
            }
        }

        output.Write("{\"resourceType\":"u8);
        output.Write(type);
        output.Write(",\"id\":\""u8);
        Ascii(output, id);
        output.Write("\","u8);
        output.Write(_metaStart);
        Ascii(output, version.ToString(CultureInfo.InvariantCulture));
        output.Write(_lastUpdated);
        Ascii(output, lastUpdated.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        output.Write("\""u8);
        OtherMeta(output, meta);
        output.Write("}"u8);
        foreach (var member in members)
        {
            output.Write(","u8);
            Compact(output, json[member]);
        }

        output.Write("}"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Whether two stamped resources differ in version and time at most.</summary>
    public static bool EqualsIgnoringVersion(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var (head1, tail1) = Split(one);
        var (head2, tail2) = Split(other);
        return one[..head1].SequenceEqual(other[..head2]) && one[tail1..].SequenceEqual(other[tail2..]);
    }

    /// <summary>Where the version begins and where the time has ended.</summary>
    private static (int Head, int Tail) Split(ReadOnlySpan<byte> stamped)
    {
        var head = stamped.IndexOf(_metaStart) + _metaStart.Length;
        var time = head + stamped[head..].IndexOf(_lastUpdated) + _lastUpdated.Length;
        return (head, time + stamped[time..].IndexOf((byte)'"') + 1);
    }

    private static void OtherMeta(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> meta)
    {
        if (meta.IsEmpty)
        {
            return;
        }

        var reader = new Utf8JsonReader(meta, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var ours = reader.ValueTextEquals("versionId"u8) || reader.ValueTextEquals("lastUpdated"u8);
            reader.Read();
            reader.Skip();
            if (!ours)
            {
                output.Write(","u8);
                Compact(output, meta[start..(int)reader.BytesConsumed]);
            }
        }
    }

    private static void Compact(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        var target = output.GetSpan(json.Length);
        var length = 0;
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            var b = json[i];
            if (inString)
            {
                target[length++] = b;
                if (b == (byte)'\\')
                {
                    target[length++] = json[++i];
                }
                else if (b == (byte)'"')
                {
                    inString = false;
                }
            }
            else if (b is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                target[length++] = b;
                inString = b == (byte)'"';
            }
        }

        output.Advance(length);
    }

    private static void Ascii(ArrayBufferWriter<byte> output, string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));
}
