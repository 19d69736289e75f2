using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Hl7.Fhir.Model;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Bench.Micro;

/// <summary>Reading what a client sent: the product's parse with all its checks, the SDK's alone, and JSON as such.</summary>
public class ParseBenchmarks
{
    private byte[] _json = [];

    public static IEnumerable<string> Names => Samples.Names;

    [ParamsSource(nameof(Names))]
    public string Sample { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _json = Samples.Of(Sample).Json;

    [Benchmark(Baseline = true)]
    public Resource ParseAndValidate() => FhirJson.Parse(_json);

    [Benchmark]
    public Resource SdkWithoutValidation() => Loader.Parse(new(Sample, "", _json)).Resource;

    [Benchmark]
    public JsonValueKind Json()
    {
        using var document = JsonDocument.Parse(_json);
        return document.RootElement.ValueKind;
    }
}
