using System.Collections.Immutable;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Decides for one type which parameters write rows and whose rows answer for the others. A parameter writes none where others
/// together write exactly its rows: one with the same keys, several whose keys add up to its own, or one that reads the same
/// references without its restriction to a target type.
/// </summary>
internal sealed class SourcePlan(string type)
{
    private readonly List<(StoredParameter Parameter, ImmutableHashSet<PathKey> Keys)> _stored = [];

    /// <summary>What is written, in the order of the catalogue.</summary>
    public IEnumerable<StoredParameter> Stored => _stored.Select(entry => entry.Parameter);

    /// <summary>The sources of each parameter by its number.</summary>
    public Dictionary<int, ImmutableArray<IndexSource>> Assign(IEnumerable<Draft> drafts)
    {
        // Few keys first, so that unions find their parts; the unrestricted before the restricted; then by code.
        var sources = new Dictionary<int, ImmutableArray<IndexSource>>();
        foreach (var draft in drafts
            .OrderBy(draft => draft.Keys.Count)
            .ThenBy(draft => draft.Keys.Count(key => key.Target is not null))
            .ThenBy(draft => draft.Code, StringComparer.Ordinal))
        {
            sources[draft.Id] = Cover(draft.Kind, draft.Keys)
                ?? Store(new StoredParameter(draft.Id, draft.Kind, draft.Expression, draft.Branches), draft.Keys);
        }

        var order = drafts.Select((draft, place) => (draft.Id, place)).ToDictionary(entry => entry.Id, entry => entry.place);
        _stored.Sort((left, right) => order[left.Parameter.Id].CompareTo(order[right.Parameter.Id]));
        return sources;
    }

    /// <summary>
    /// The parts of a composite. A part whose rows no parameter writes with the numbers of the composite's base element gets rows of
    /// its own, numbered <c>Type.code$n</c>.
    /// </summary>
    public ImmutableArray<CompositeComponent> Components(Draft composite, ImmutableArray<Draft> drafts)
    {
        var components = ImmutableArray.CreateBuilder<CompositeComponent>();
        var parts = (composite.Definition.Component ?? [])
            .Select(component => drafts.FirstOrDefault(draft => draft.Definition.Url == component.Definition)
                ?? throw new InvalidOperationException($"{composite.Definition.Url}: {type} has no {component.Definition}."))
            .ToList();
        foreach (var component in composite.Definition.Component ?? [])
        {
            var inner = PathParser.Parse(component.Expression)
                ?? throw new InvalidOperationException($"{composite.Definition.Url}: cannot read {component.Expression}.");
            ImmutableArray<PathBranch> branches =
            [
                .. from outer in composite.Branches
                   from branch in inner
                   select (outer with { Steps = outer.Steps.AddRange(branch.Steps) }).Numbered(outer.Steps),
            ];

            // R4 publishes DocumentReference.relationship with the definitions of its two parts exchanged. The expression tells which
            // is which: a part of a kind that the expression has no values of is the other one.
            var stated = parts[components.Count];
            var part = parts
                .OrderByDescending(one => one == stated)
                .FirstOrDefault(one => !PathKey.Of(type, one.Kind, branches).IsEmpty, stated);
            var keys = PathKey.Of(type, part.Kind, branches);
            var id = CatalogType.IdOf(type, $"{composite.Code}${components.Count + 1}");
            var sources = Cover(part.Kind, keys)
                ?? Store(new StoredParameter(id, part.Kind, string.Join(" | ", branches.Select(branch => branch.Text)), branches), keys);
            components.Add(new CompositeComponent(part.Kind, part.Definition.Type, sources));
        }

        return components.ToImmutable();
    }

    private ImmutableArray<IndexSource> Store(StoredParameter parameter, ImmutableHashSet<PathKey> keys)
    {
        _stored.Add((parameter, keys));
        return [new IndexSource(parameter.Id)];
    }

    // The sources whose rows are exactly those of the keys, or null.
    private ImmutableArray<IndexSource>? Cover(IndexKind kind, ImmutableHashSet<PathKey> keys)
    {
        var targets = keys.Select(key => key.Target).Distinct().OrderBy(target => target, StringComparer.Ordinal).ToList();
        var candidates =
            from entry in _stored
            where entry.Parameter.Kind == kind && !entry.Keys.IsEmpty
            from target in targets.Prepend(null).Distinct()
            where target is null || entry.Keys.All(key => key.Target is null)
            let gives = target is null ? entry.Keys : [.. entry.Keys.Select(key => key with { Target = target })]
            where gives.IsSubsetOf(keys)
            orderby gives.Count descending
            select (Source: new IndexSource(entry.Parameter.Id, target), Gives: gives);
        var missing = keys;
        var sources = ImmutableArray.CreateBuilder<IndexSource>();
        foreach (var (source, gives) in candidates)
        {
            if (gives.Overlaps(missing))
            {
                sources.Add(source);
                missing = missing.Except(gives);
            }
        }

        return missing.IsEmpty && sources.Count > 0 ? sources.ToImmutable() : null;
    }
}
