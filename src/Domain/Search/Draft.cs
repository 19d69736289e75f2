using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Definition = Hl7.Fhir.Model.SearchParamDefinition;

namespace TeleFhir.Domain.Search;

/// <summary>
/// One thing that a parameter reads: the elements at a path that are of one type, all of them or only references to
/// <paramref name="Target"/>. Parameters of one kind with equal keys have equal rows.
/// </summary>
internal readonly record struct PathKey(string Path, Type EndType, string? Target)
{
    /// <summary>The keys of branches for a kind: a choice of types is one key for each type that gives rows.</summary>
    public static ImmutableHashSet<PathKey> Of(string type, IndexKind kind, IEnumerable<PathBranch> branches) =>
        [.. branches.SelectMany(branch => Of(type, ValueReader.Of(kind), branch))];

    private static IEnumerable<PathKey> Of(string type, ValueReader reader, PathBranch branch)
    {
        var target = (branch.Steps.LastOrDefault() as TargetStep)?.Type;
        var path = target is null ? branch : branch with { Steps = branch.Steps.RemoveAt(branch.Steps.Length - 1) };
        var ends = PathTypes.EndsOf(type, path);
        if (path.Steps.LastOrDefault() is CastStep)
        {
            path = path with { Steps = path.Steps.RemoveAt(path.Steps.Length - 1) };
        }

        return ends.Where(reader.Reads).Select(end => new PathKey(path.Text, end, target));
    }
}

/// <summary>A definition cut down to one resource type, before it is known where its values are kept.</summary>
internal sealed record Draft(Definition Definition, int Id, IndexKind Kind, string Expression, ImmutableArray<PathBranch> Branches)
{
    public string Code => Definition.Code!;

    /// <summary>What it reads; empty where only the SDK's engine understands the expression.</summary>
    public ImmutableHashSet<PathKey> Keys { get; private init; } = [];

    public bool HasRows => Kind is not (IndexKind.Id or IndexKind.LastUpdated or IndexKind.Composite);

    public static Draft Of(string type, Definition definition)
    {
        var published = definition.Expression!;
        var branches = PathParser.Parse(published);
        ImmutableArray<PathBranch> own = [.. (branches ?? []).Where(branch => branch.IsFor(type))];
        var expression = own.IsEmpty ? published : string.Join(" | ", own.Select(branch => branch.Source));
        return new Draft(definition, CatalogType.IdOf(type, definition.Code!), KindOf(definition), expression, own);
    }

    /// <summary>The same with the repetitions of composites' base elements numbered.</summary>
    public Draft Numbered(string type, IReadOnlyCollection<ImmutableArray<PathStep>> bases)
    {
        if (!HasRows)
        {
            return this;
        }

        ImmutableArray<PathBranch> numbered = [.. Branches.Select(branch => bases.Aggregate(branch, (one, steps) => one.Numbered(steps)))];
        return this with { Branches = numbered, Keys = PathKey.Of(type, Kind, numbered) };
    }

    private static IndexKind KindOf(Definition definition) => definition.Code switch
    {
        "_id" => IndexKind.Id,
        "_lastUpdated" => IndexKind.LastUpdated,
        _ => definition.Type switch
        {
            SearchParamType.Token => IndexKind.Token,
            SearchParamType.Reference => IndexKind.Reference,
            SearchParamType.Date => IndexKind.Date,
            SearchParamType.String => IndexKind.String,
            SearchParamType.Uri => IndexKind.Uri,
            SearchParamType.Number or SearchParamType.Quantity => IndexKind.Quantity,
            SearchParamType.Composite => IndexKind.Composite,
            var type => throw new NotSupportedException($"{definition.Url} is of type {type}."),
        },
    };
}
