using BenchmarkDotNet.Attributes;
using Hl7.Fhir.ElementModel;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.FhirPath;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Search;

namespace TeleFhir.Bench.Micro;

/// <summary>
/// All search values of a resource: the product's compiled walks, and the SDK's FHIRPath, compiled once too, with the expressions as they
/// are published for all types together and cut down to the branches of this type.
/// </summary>
public class ExtractBenchmarks
{
    private readonly IndexExtractor _extractor = new(SearchParameterCatalog.R4);
    private Resource _resource = new Observation();
    private List<CompiledExpression> _published = [];
    private List<CompiledExpression> _pruned = [];

    public static IEnumerable<string> Names => Samples.Names;

    [ParamsSource(nameof(Names))]
    public string Sample { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        _resource = Loader.Parse(Samples.Of(Sample)).Resource;
        var compiler = new FhirPathCompiler(new FhirPathCompiler().Symbols.AddFhirExtensions());
        var stored = SearchParameterCatalog.R4.For(_resource.TypeName)
            .Where(parameter => parameter.Expression.Length > 0 && parameter.Kind != IndexKind.Composite).ToList();
        _pruned = [.. stored.Select(parameter => compiler.Compile(parameter.Expression))];
        var codes = stored.Select(parameter => parameter.Code).ToHashSet();
        _published = [.. ModelInfo.SearchParameters
            .Where(parameter => (parameter.Resource == _resource.TypeName || parameter.Resource is "Resource" or "DomainResource")
                && parameter.Code is { } code && codes.Contains(code) && !string.IsNullOrEmpty(parameter.Expression))
            .Select(parameter => compiler.Compile(parameter.Expression!))];
    }

    [Benchmark(Baseline = true)]
    public IndexValues Compiled() => _extractor.Extract(_resource);

    [Benchmark]
    public int FhirPathPruned() => Run(_pruned);

    [Benchmark]
    public int FhirPathPublished() => Run(_published);

    private int Run(List<CompiledExpression> expressions)
    {
        var found = 0;
        var node = _resource.ToPocoNode();
        var context = new FhirEvaluationContext();
        foreach (var expression in expressions)
        {
            found += expression(node, context).Count();
        }

        return found;
    }
}
