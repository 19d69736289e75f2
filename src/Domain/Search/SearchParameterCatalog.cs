using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// All search parameters of all resource types, with the plan of where their values are kept
/// (https://hl7.org/fhir/R4/searchparameter-registry.html). Those of R4 never
/// change; what is stored as SearchParameter is added as a whole.
/// </summary>
public sealed class SearchParameterCatalog
{
    private static readonly Lazy<SearchParameterCatalog> _r4 = new(() => new SearchParameterCatalog(ModelInfo.SearchParameters));

    private readonly FrozenDictionary<string, CatalogType> _types;
    private readonly FrozenDictionary<(string Type, string Code), SearchParameter> _byCode;
    private readonly FrozenDictionary<int, SearchParameter> _byId;

    private volatile CustomCatalog _custom = CustomCatalog.Empty;
    private volatile int _revision;

    private SearchParameterCatalog(SearchParameterCatalog shared) =>
        (_types, _byCode, _byId) = (shared._types, shared._byCode, shared._byId);

    private SearchParameterCatalog(IEnumerable<SearchParamDefinition> definitions)
    {
        var byType = definitions.ToLookup(definition => definition.Resource, StringComparer.Ordinal);
        _types = ResourceCatalog.Types.ToFrozenDictionary(
            type => type, type => CatalogType.Build(type, byType[type]), StringComparer.Ordinal);
        var all = _types.Values.SelectMany(type => type.Parameters).ToList();
        _byCode = all.ToFrozenDictionary(parameter => (parameter.ResourceType, parameter.Code));
        _byId = all.ToFrozenDictionary(parameter => parameter.Id);
    }

    /// <summary>The parameters that R4 itself defines.</summary>
    public static SearchParameterCatalog R4 => _r4.Value;

    /// <summary>A catalogue with the parameters of R4, to which others can be added; one for each server.</summary>
    public static SearchParameterCatalog Extensible() => new(R4);

    /// <summary>The parameter of this name, or null; names are case-sensitive. Also one that is not ready to be searched by.</summary>
    public SearchParameter? Find(string resourceType, string code) =>
        _byCode.TryGetValue((resourceType, code), out var parameter) ? parameter : _custom.Find(resourceType, code);

    /// <summary>As <see cref="Find"/>, for somebody who is about to search by it: 400 where its index is not ready.</summary>
    public SearchParameter? Searchable(string resourceType, string code) => Find(resourceType, code) is { IsReady: false }
        ? throw FhirException.NotSupported($"Parameter {code} is not ready: its index is still being built. GET $reindex says how far it is.")
        : Find(resourceType, code);

    /// <summary>Whether R4 itself defines it.</summary>
    public bool IsBuiltIn(string resourceType, string code) => _byCode.ContainsKey((resourceType, code));

    /// <summary>Puts these in the place of all that were added before. Whoever is reading goes on with what was.</summary>
    public void Install(IEnumerable<CustomDefinition> definitions)
    {
        _custom = new CustomCatalog(definitions);
        Interlocked.Increment(ref _revision);
    }

    /// <summary>Whether some resources have rows under this number and others not yet.</summary>
    public bool IsUnfinished(int id) => _custom.Unfinished.Contains(id);

    /// <summary>Another number whenever parameters were added or taken away.</summary>
    public int Revision => _revision;

    /// <summary>All parameters of a type in the order of their codes, those of every type among them; none for an unknown type.</summary>
    public ImmutableArray<SearchParameter> For(string resourceType) =>
        !_types.TryGetValue(resourceType, out var type) ? []
        : _custom is { IsEmpty: false } custom ? [.. type.Parameters, .. custom.ReadyFor(resourceType)]
        : type.Parameters;

    /// <summary>The parameter of this number, or null; also null for the hidden rows that only composites read.</summary>
    public SearchParameter? FindById(int id) => _byId.TryGetValue(id, out var parameter) ? parameter : _custom.FindById(id);

    /// <summary>What is written for a type beside what R4 defines.</summary>
    internal ImmutableArray<CompiledParameter> Custom(string resourceType) => _custom is { IsEmpty: false } custom ? custom.RowsOf(resourceType) : [];

    /// <summary>What is written for a type, in the order it is written.</summary>
    internal ImmutableArray<StoredParameter> Stored(string resourceType) => _types[resourceType].Stored;
}
