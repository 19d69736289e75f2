using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>The extractor gives the rows that the SDK's FHIRPath engine finds, for every parameter and every resource there is.</summary>
public sealed class IndexParityTests
{
    // Has decimals like 1E-245, beyond System.Decimal: the SDK's union throws on them, and they have no rows with us.
    private const string BeyondDecimal = "Observation-decimal.json";

    private readonly SdkOracle _oracle = new(SearchParameterCatalog.R4, new IndexExtractor(SearchParameterCatalog.R4));

    [Fact]
    public void Hand_written_resources_index_as_the_SDK_reads_them() => Compare(HandWritten.All, atLeast: 60);

    [Fact]
    public void Specification_examples_index_as_the_SDK_reads_them() => Compare(
        ExampleResources.OfSpecification().Where(example => example.Name != BeyondDecimal), atLeast: 30_000);

    [Fact]
    public void Synthea_patients_index_as_the_SDK_reads_them() => Compare(ExampleResources.OfSynthea(), atLeast: 30_000);

    private void Compare(IEnumerable<(string Name, Resource Resource)> resources, int atLeast)
    {
        var differences = new List<string>();
        foreach (var (name, resource) in resources)
        {
            differences.AddRange(_oracle.Differences(resource).Select(difference => $"{name} {difference}"));
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(30))}");
        Assert.True(_oracle.Compared >= atLeast, $"Only {_oracle.Compared} rows were compared.");
        TestContext.Current.SendDiagnosticMessage($"{_oracle.Compared} rows compared.");
    }
}
