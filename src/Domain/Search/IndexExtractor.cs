using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Reads all search values of a resource. One instance serves all threads; the paths of a type are compiled when its first resource
/// is read.
/// </summary>
public sealed class IndexExtractor
{
    private const string Patient = "Patient";

    private readonly SearchParameterCatalog _catalog;
    private readonly FrozenDictionary<string, Lazy<TypeReader>> _readers;

    /// <summary>Reads what the catalogue says.</summary>
    public IndexExtractor(SearchParameterCatalog catalog)
    {
        _catalog = catalog;
        _readers = ResourceCatalog.Types.ToFrozenDictionary(
            type => type,
            type => new Lazy<TypeReader>(() => TypeReader.Of(catalog, type)),
            StringComparer.Ordinal);
    }

    /// <summary>The values of a resource. It is not changed.</summary>
    public IndexValues Extract(Resource resource)
    {
        var reader = _readers[resource.TypeName].Value;
        var values = new IndexValues();
        var sink = new IndexSink(resource, values);
        foreach (var parameter in reader.Parameters)
        {
            sink.StartParameter(parameter.Numbers);
            foreach (var walk in parameter.Walks)
            {
                sink.StartBranch();
                walk.Visit(resource, sink);
            }
        }

        foreach (var parameter in _catalog.Custom(resource.TypeName))
        {
            ReadCustom(parameter, resource, sink);
        }

        values.Rank = RankOf(values, reader.TimelineSources);
        values.Patient = resource is not Hl7.Fhir.Model.Patient ? PatientOf(values, reader.PatientSources)
            : resource.Id is { } id ? $"{Patient}/{id}"
            : null;
        return values;
    }

    /// <summary>The values of added parameters of one code alone.</summary>
    public IndexValues ExtractCustom(Resource resource, string code)
    {
        var values = new IndexValues();
        var sink = new IndexSink(resource, values);
        var number = CatalogType.IdOf(resource.TypeName, code);
        foreach (var parameter in _catalog.Custom(resource.TypeName).Where(parameter => parameter.Numbers.Values == number))
        {
            ReadCustom(parameter, resource, sink);
        }

        return values;
    }

    // Expressions of others may fail on content that they were not made for; a write must not.
    private static void ReadCustom(CompiledParameter parameter, Resource resource, IndexSink sink)
    {
        try
        {
            sink.StartParameter(parameter.Numbers);
            foreach (var walk in parameter.Walks)
            {
                sink.StartBranch();
                walk.Visit(resource, sink);
            }
        }
        catch (Exception failed) when (failed is not OutOfMemoryException)
        {
            // What cannot be computed has no values.
        }
    }

    private static long RankOf(IndexValues values, ImmutableArray<int> sources)
    {
        var rank = 0L;
        foreach (var date in values.Dates)
        {
            if (sources.Contains(date.ParameterId) && (rank == 0 || date.Low < rank))
            {
                rank = date.Low;
            }
        }

        return rank;
    }

    private static string? PatientOf(IndexValues values, ImmutableArray<int> sources)
    {
        string? patient = null;
        foreach (var reference in values.References)
        {
            if (reference.TargetType == Patient && sources.Contains(reference.ParameterId) && reference.Target != patient)
            {
                if (patient is not null)
                {
                    return null;
                }

                patient = reference.Target;
            }
        }

        // A patient of another server is none of ours.
        return patient is not null && patient.StartsWith("Patient/", StringComparison.Ordinal) ? patient : null;
    }

    private sealed record TypeReader(
        ImmutableArray<CompiledParameter> Parameters, ImmutableArray<int> TimelineSources, ImmutableArray<int> PatientSources)
    {
        public static TypeReader Of(SearchParameterCatalog catalog, string type) => new(
            [.. catalog.Stored(type).Select(parameter => new CompiledParameter(
                RowNumbers.Of(parameter.Id, isNamed: IndexPlan.HasNames(type) && catalog.FindById(parameter.Id) is not null), PathCompiler.Compile(parameter)))],
            SourcesOf(catalog.For(type).Where(parameter => parameter.IsTimeline)),
            SourcesOf(catalog.For(type).Where(parameter =>
                parameter.Kind == IndexKind.Reference && parameter.Code is "patient" or "subject")));

        private static ImmutableArray<int> SourcesOf(IEnumerable<SearchParameter> parameters) =>
            [.. parameters.SelectMany(parameter => parameter.Sources).Select(source => source.ParameterId).Distinct()];
    }
}
