using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Hl7.Fhir.Model;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Bench.Micro;

/// <summary>A page of twenty from stored bytes: copied into the Bundle, or parsed to objects and serialised as a whole.</summary>
public class BundleBenchmarks
{
    private readonly IReadOnlyList<byte[]> _page = Samples.Page(20);
    private readonly ArrayBufferWriter<byte> _output = new(64 * 1024);

    [Benchmark(Baseline = true)]
    public int Spliced()
    {
        _output.ResetWrittenCount();
        SplicedBundle.Write(_output, _page);
        return _output.WrittenCount;
    }

    [Benchmark]
    public int ParsedAndSerialised() => PocoBundle.Serialise(_page).Length;
}

/// <summary>The stored bytes with a Bundle around them.</summary>
internal static class SplicedBundle
{
    public static void Write(IBufferWriter<byte> output, IEnumerable<byte[]> page)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Bundle"u8);
        json.WriteString("type"u8, "searchset"u8);
        json.WriteStartArray("entry"u8);
        foreach (var stored in page)
        {
            json.WriteStartObject();
            json.WritePropertyName("resource"u8);
            json.WriteRawValue(stored, skipInputValidation: true);
            json.WriteStartObject("search"u8);
            json.WriteString("mode"u8, "match"u8);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
    }
}

/// <summary>The way most servers answer a search.</summary>
internal static class PocoBundle
{
    public static byte[] Serialise(IEnumerable<byte[]> stored) => FhirJson.Serialize(new Bundle
    {
        Type = Bundle.BundleType.Searchset,
        Entry = [.. stored.Select(json => new Bundle.EntryComponent
        {
            Resource = Loader.Parse(new("", "", json)).Resource,
            Search = new Bundle.SearchComponent { Mode = Bundle.SearchEntryMode.Match },
        })],
    });
}
