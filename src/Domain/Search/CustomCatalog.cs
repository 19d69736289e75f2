using System.Collections.Frozen;
using System.Collections.Immutable;

namespace TeleFhir.Domain.Search;

/// <summary>What is added to the parameters of R4 at one moment. Immutable.</summary>
internal sealed class CustomCatalog
{
    private readonly FrozenDictionary<(string Type, string Code), SearchParameter> _byCode;
    private readonly FrozenDictionary<int, SearchParameter> _byId;
    private readonly FrozenDictionary<string, ImmutableArray<CompiledParameter>> _rows;

    public CustomCatalog(IEnumerable<CustomDefinition> definitions)
    {
        var parts = definitions.SelectMany(definition => definition.Parts).DistinctBy(part => part.Parameter.Id).ToList();
        _byCode = parts.ToFrozenDictionary(part => (part.Parameter.ResourceType, part.Parameter.Code), part => part.Parameter);
        _byId = parts.ToFrozenDictionary(part => part.Parameter.Id, part => part.Parameter);
        Unfinished = parts.Where(part => !part.Parameter.IsReady)
            .SelectMany(part => CustomDefinition.NumbersOf(part.Parameter.Code, [part.Parameter.ResourceType])).ToFrozenSet();
        _rows = parts.ToLookup(part => part.Parameter.ResourceType, StringComparer.Ordinal).ToFrozenDictionary(
            type => type.Key,
            type => type.Select(part => new CompiledParameter(RowNumbers.Of(part.Rows.Id, isNamed: true), PathCompiler.Compile(part.Rows))).ToImmutableArray(),
            StringComparer.Ordinal);
    }

    /// <summary>The numbers under which some resources are indexed and others are not yet.</summary>
    public FrozenSet<int> Unfinished { get; }

    public static CustomCatalog Empty { get; } = new([]);

    public bool IsEmpty => _byCode.Count == 0;

    public SearchParameter? Find(string type, string code) => _byCode.GetValueOrDefault((type, code));

    public SearchParameter? FindById(int id) => _byId.GetValueOrDefault(id);

    public IEnumerable<SearchParameter> ReadyFor(string type) =>
        _byCode.Values.Where(parameter => parameter.ResourceType == type && parameter.IsReady).OrderBy(parameter => parameter.Code, StringComparer.Ordinal);

    public ImmutableArray<CompiledParameter> RowsOf(string type) => _rows.GetValueOrDefault(type, []);
}

/// <summary>A parameter ready to be read from resources.</summary>
internal sealed record CompiledParameter(RowNumbers Numbers, ImmutableArray<PathWalk> Walks);
