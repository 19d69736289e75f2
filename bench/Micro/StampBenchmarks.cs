using BenchmarkDotNet.Attributes;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Bench.Micro;

/// <summary>Writing id, version and time into the bytes of a client.</summary>
public class StampBenchmarks
{
    private byte[] _json = [];

    public static IEnumerable<string> Names => Samples.Names;

    [ParamsSource(nameof(Names))]
    public string Sample { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _json = Samples.Of(Sample).Json;

    [Benchmark]
    public byte[] Stamp() => FhirJson.Stamp(_json, "0123456789abcdef", 1, DateTimeOffset.UnixEpoch);
}
