using BenchmarkDotNet.Attributes;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Bench.Micro;

/// <summary>What a write checks: the parse with its checks of structure, and with bindings, references, invariants and claimed profiles behind it.</summary>
public class ValidateBenchmarks
{
    private readonly ResourceValidator _validator = new();
    private byte[] _json = [];

    public static IEnumerable<string> Names => Samples.Names;

    [ParamsSource(nameof(Names))]
    public string Sample { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _json = Samples.Of(Sample).Json;

    [Benchmark(Baseline = true)]
    public Resource Parse() => FhirJson.Parse(_json);

    [Benchmark]
    public Resource ParseAndCheckRules()
    {
        var resource = FhirJson.Parse(_json);
        _validator.Validate(resource);
        return resource;
    }
}
