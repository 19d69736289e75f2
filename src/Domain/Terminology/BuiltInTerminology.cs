using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.IO.Compression;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Range = System.Range;

namespace TeleFhir.Domain.Terminology;

/// <summary>
/// The value sets and code systems of R4, which the product carries compressed. They are unpacked when the first terminology is asked for
/// and read one by one when they are needed, so a server that is never asked pays nothing.
/// </summary>
internal static class BuiltInTerminology
{
    // A few hundred small ones, or the few large ones that searches keep asking for; emptied when full.
    private const int MostRead = 128;

    private static readonly FhirJsonDeserializer _reader = new(new DeserializerSettings { Validator = null });
    private static readonly Lazy<(byte[] Text, FrozenDictionary<(string Type, string Url), Range> Lines)> _content = new(Unpack);
    private static readonly ConcurrentDictionary<string, ValueSet> _valueSets = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, CodeSystemIndex> _codeSystems = new(StringComparer.Ordinal);

    /// <summary>The value set of this URL, or null. It is shared: not to be changed.</summary>
    public static ValueSet? FindValueSet(string url) => Find(_valueSets, url, resource => (ValueSet)resource, "ValueSet");

    /// <summary>The code system of this URL, or null.</summary>
    public static CodeSystemIndex? FindCodeSystem(string url) =>
        Find(_codeSystems, url, resource => new CodeSystemIndex((CodeSystem)resource), "CodeSystem");

    /// <summary>A resource that was checked when it came in; what is wrong with it now is passed over.</summary>
    public static Resource Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        _reader.TryDeserializeResource(ref reader, out var resource, out _);
        return resource!;
    }

    private static T? Find<T>(ConcurrentDictionary<string, T> read, string url, Func<Resource, T> make, string type)
        where T : class
    {
        if (read.TryGetValue(url, out var known))
        {
            return known;
        }

        var (text, lines) = _content.Value;
        if (!lines.TryGetValue((type, url), out var line))
        {
            return null;
        }

        if (read.Count >= MostRead)
        {
            read.Clear();
        }

        return read.GetOrAdd(url, make(Read(text.AsSpan(line))));
    }

    private static (byte[] Text, FrozenDictionary<(string Type, string Url), Range> Lines) Unpack()
    {
        using var packed = typeof(BuiltInTerminology).Assembly.GetManifestResourceStream("terminology.ndjson.br")!;
        using var brotli = new BrotliStream(packed, CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        brotli.CopyTo(buffer);
        var text = buffer.ToArray();
        var lines = new Dictionary<(string Type, string Url), Range>();
        for (var start = 0; start < text.Length;)
        {
            var end = start + text.AsSpan(start).IndexOf((byte)'\n');
            lines[NameOf(text.AsSpan(start..end))] = start..end;
            start = end + 1;
        }

        return (text, lines.ToFrozenDictionary());
    }

    // The generator writes resourceType, id and url first.
    private static (string Type, string Url) NameOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("resourceType"u8))
            {
                reader.Read();
                type = reader.GetString();
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("url"u8))
            {
                reader.Read();
                break;
            }
        }

        return (type!, reader.GetString()!);
    }
}
