using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// All search parameters of all resource types, with the plan of where their values are kept
/// (https://hl7.org/fhir/R4/searchparameter-registry.html). Immutable.
/// </summary>
public sealed class SearchParameterCatalog
{
    private static readonly Lazy<SearchParameterCatalog> _r4 = new(() => new SearchParameterCatalog(ModelInfo.SearchParameters));

    private readonly FrozenDictionary<string, CatalogType> _types;
    private readonly FrozenDictionary<(string Type, string Code), SearchParameter> _byCode;
    private readonly FrozenDictionary<int, SearchParameter> _byId;

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

    /// <summary>The parameter of this name, or null; names are case-sensitive.</summary>
    public SearchParameter? Find(string resourceType, string code) => _byCode.GetValueOrDefault((resourceType, code));

    /// <summary>All parameters of a type in the order of their codes, those of every type among them; none for an unknown type.</summary>
    public ImmutableArray<SearchParameter> For(string resourceType) =>
        _types.TryGetValue(resourceType, out var type) ? type.Parameters : [];

    /// <summary>The parameter of this number, or null; also null for the hidden rows that only composites read.</summary>
    public SearchParameter? FindById(int id) => _byId.GetValueOrDefault(id);

    /// <summary>What is written for a type, in the order it is written.</summary>
    internal ImmutableArray<StoredParameter> Stored(string resourceType) => _types[resourceType].Stored;
}
