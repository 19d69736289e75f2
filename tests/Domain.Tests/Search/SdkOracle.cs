using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.FhirPath;
using TeleFhir.Domain.Search;
using SearchParameter = TeleFhir.Domain.Search.SearchParameter;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>
/// The rows of a parameter by the other way: the SDK's FHIRPath engine on the expression as published. Rows are compared as text
/// without the number of the parameter.
/// </summary>
internal sealed class SdkOracle(SearchParameterCatalog catalog, IndexExtractor extractor)
{
    private static readonly Dictionary<string, SearchParamDefinition> _definitions =
        ModelInfo.SearchParameters.ToDictionary(definition => $"{definition.Resource}.{definition.Code}");

    private readonly Dictionary<string, CompiledExpression> _compiled = [];
    private readonly FhirPathCompiler _compiler = new(new FhirPathCompiler().Symbols.AddFhirExtensions());

    /// <summary>How many rows were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>Where the extractor and the SDK differ on a resource, one line each.</summary>
    public IEnumerable<string> Differences(Resource resource)
    {
        var values = extractor.Extract(resource);
        foreach (var parameter in catalog.For(resource.TypeName))
        {
            if (parameter.Kind == IndexKind.Composite)
            {
                for (var part = 0; part < parameter.Components.Length; part++)
                {
                    var expected = ExpectedPart(resource, parameter, part);
                    var actual = Rows(values, parameter.Components[part].Sources, withItems: true);
                    if (!Same(expected, actual))
                    {
                        yield return Line($"{parameter.ResourceType}.{parameter.Code}${part + 1}", expected, actual);
                    }
                }
            }
            else if (parameter.Sources.Length > 0)
            {
                var expected = Expected(resource, parameter);
                var actual = Rows(values, WithFacets(parameter.Sources), withItems: false);

                // Rows that stand for an identifier or a display do not say of which type its resource is.
                if (parameter.Expression.Contains("resolve()", StringComparison.Ordinal))
                {
                    expected.RemoveWhere(IsNoReference);
                    actual.RemoveWhere(IsNoReference);
                }

                if (!Same(expected, actual))
                {
                    yield return Line($"{parameter.ResourceType}.{parameter.Code}", expected, actual);
                }
            }
        }
    }

    private static string Line(string name, HashSet<string> expected, HashSet<string> actual) =>
        $"{name}: only by the SDK [{string.Join(" ; ", expected.Except(actual))}], only by us [{string.Join(" ; ", actual.Except(expected))}]";

    private static bool IsNoReference(string row) => !row.StartsWith("reference", StringComparison.Ordinal);

    private bool Same(HashSet<string> expected, HashSet<string> actual)
    {
        Compared += expected.Count;
        return expected.SetEquals(actual);
    }

    private HashSet<string> Expected(Resource resource, SearchParameter parameter)
    {
        var expression = _definitions.TryGetValue($"{parameter.ResourceType}.{parameter.Code}", out var definition)
            ? definition.Expression!
            : parameter.Expression;
        var (sink, values) = Sink(resource, parameter.Id);
        foreach (var node in Select(resource.ToPocoNode(), resource, expression))
        {
            // The result of a comparison is a boolean of FHIRPath's own.
            var value = node.Poco is PrimitiveType { JsonValue: bool truth } ? new FhirBoolean(truth) : node.Poco;
            ValueReader.Of(parameter.Kind).Read(value, sink);
        }

        return Rows(values, WithFacets([new IndexSource(parameter.Id)]), withItems: false);
    }

    private HashSet<string> ExpectedPart(Resource resource, SearchParameter parameter, int part)
    {
        var definition = _definitions[$"{parameter.ResourceType}.{parameter.Code}"];

        // Published in the wrong case, which the SDK does not forgive.
        var expression = definition.Component![part].Expression!.Replace("DateTime", "dateTime", StringComparison.Ordinal);
        var (sink, values) = Sink(resource, parameter.Id);
        foreach (var node in Select(resource.ToPocoNode(), resource, definition.Expression!))
        {
            if (node.Poco is not Resource)
            {
                sink.NextItem();
            }

            foreach (var value in Select(node, resource, expression))
            {
                ValueReader.Of(parameter.Components[part].Kind).Read(value.Poco, sink);
            }
        }

        return Rows(values, [new IndexSource(parameter.Id)], withItems: true);
    }

    private static List<IndexSource> WithFacets(IReadOnlyCollection<IndexSource> sources) =>
        [.. sources, .. from source in sources from facet in Enum.GetValues<IndexFacet>() select source.Of(facet)];

    private static (IndexSink Sink, IndexValues Values) Sink(Resource resource, int parameterId)
    {
        var values = new IndexValues();
        var sink = new IndexSink(resource, values);

        // AuditEvents are indexed without what their codes are called.
        sink.StartParameter(RowNumbers.Of(parameterId, isNamed: resource is not AuditEvent));
        return (sink, values);
    }

    private List<PocoNode> Select(PocoNode node, Resource resource, string expression)
    {
        if (!_compiled.TryGetValue(expression, out var compiled))
        {
            _compiled[expression] = compiled = _compiler.Compile(expression);
        }

        var context = new FhirEvaluationContext { Resource = resource.ToPocoNode(), ElementResolver = reference => Stub(resource, reference) };
        return [.. compiled([node], context)];
    }

    // A reference resolves to an empty resource of the type that its text names, or else its type element.
    private static PocoNode? Stub(Resource resource, string reference)
    {
        var path = reference.Split("/_history/")[0].Split('/');
        var named = path.Length >= 2 && ModelInfo.IsKnownResource(path[^2])
            ? path[^2]
            : References(resource).FirstOrDefault(one => one.Reference == reference)?.Type;
        return named is not null && ModelInfo.GetTypeForFhirType(named) is { } type
            ? ((Resource)Activator.CreateInstance(type)!).ToPocoNode()
            : null;
    }

    private static IEnumerable<ResourceReference> References(Base element) => element
        .EnumerateElements()
        .SelectMany(child => child.Value switch { Base one => [one], IEnumerable<Base> many => many, _ => [] })
        .SelectMany(child => child is ResourceReference reference ? [reference] : References(child));

    private static HashSet<string> Rows(IndexValues values, IReadOnlyCollection<IndexSource> sources, bool withItems)
    {
        var rows = new HashSet<string>();
        foreach (var (id, target) in sources)
        {
            rows.UnionWith(values.Tokens.Where(row => row.ParameterId == id)
                .Select(row => $"token {Item(row.Item)}{row.System}|{row.Code}"));
            rows.UnionWith(values.References.Where(row => row.ParameterId == id && (target is null || row.TargetType == target))
                .Select(row => $"reference {Item(row.Item)}{row.TargetType} {row.Target}"));
            rows.UnionWith(values.Dates.Where(row => row.ParameterId == id)
                .Select(row => $"date {Item(row.Item)}{row.Low}-{row.High}"));
            rows.UnionWith(values.Quantities.Where(row => row.ParameterId == id)
                .Select(row => $"quantity {Item(row.Item)}{row.Value / 1.000000000000m} {row.System}|{row.Code} {row.Unit}"));
            rows.UnionWith(values.Strings.Where(row => row.ParameterId == id)
                .Select(row => $"string {Item(row.Item)}{row.Text}"));
        }

        return rows;

        string Item(short item) => withItems ? $"#{item} " : string.Empty;
    }
}
