using System.Collections.Immutable;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Terminology;

/// <summary>A concept of a code system and its place in the hierarchy.</summary>
internal sealed class Concept(CodeSystem.ConceptDefinitionComponent definition)
{
    /// <summary>The code.</summary>
    public string Code { get; } = definition.Code!;

    /// <summary>What the code system says of it.</summary>
    public CodeSystem.ConceptDefinitionComponent Definition { get; } = definition;

    /// <summary>What it is directly under; several in a hierarchy that is no tree.</summary>
    public List<Concept> Parents { get; } = [];

    /// <summary>What is directly under it.</summary>
    public List<Concept> Children { get; } = [];

    /// <summary>Only there to group others: no value in a resource.</summary>
    public bool IsAbstract => Is("notSelectable") || Is("abstract");

    /// <summary>Not to be used any more.</summary>
    public bool IsInactive => Is("inactive") || Definition.Property.Any(property => property.Code == "status" && property.Value?.ToString() is "retired");

    private bool Is(string property) => Definition.Property.Any(one => one.Code == property && one.Value is FhirBoolean { Value: true });
}

/// <summary>A code system by its codes (https://hl7.org/fhir/R4/codesystem.html). Immutable.</summary>
internal sealed class CodeSystemIndex
{
    private readonly Dictionary<string, Concept> _concepts;

    public CodeSystemIndex(CodeSystem codeSystem)
    {
        CodeSystem = codeSystem;
        _concepts = new(codeSystem.CaseSensitive == false ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        var all = ImmutableArray.CreateBuilder<Concept>();
        Add(codeSystem.Concept, null, all);
        foreach (var concept in all)
        {
            Link(concept);
        }

        Concepts = all.ToImmutable();
    }

    /// <summary>As defined. It is shared: not to be changed.</summary>
    public CodeSystem CodeSystem { get; }

    /// <summary>Its concepts, parents before their children.</summary>
    public ImmutableArray<Concept> Concepts { get; }

    /// <summary>Whether it has codes that are not here: then nothing can be said of a code that is not found.</summary>
    public bool IsPartial => CodeSystem.Content != CodeSystemContentMode.Complete;

    /// <summary>Whether none of its codes are here.</summary>
    public bool IsEmpty => Concepts.IsEmpty;

    /// <summary>The concept of this code, or null.</summary>
    public Concept? Find(string? code) => code is null ? null : _concepts.GetValueOrDefault(code);

    /// <summary>The concept and all that it subsumes.</summary>
    public static IEnumerable<Concept> Descendants(Concept concept) => Reach(concept, one => one.Children);

    /// <summary>The concept and all that subsume it.</summary>
    public static IEnumerable<Concept> Ancestors(Concept concept) => Reach(concept, one => one.Parents);

    // A stored code system may go round in circles.
    private static IEnumerable<Concept> Reach(Concept start, Func<Concept, List<Concept>> next)
    {
        var seen = new HashSet<Concept> { start };
        var open = new Queue<Concept>([start]);
        while (open.TryDequeue(out var concept))
        {
            yield return concept;
            foreach (var following in next(concept).Where(seen.Add))
            {
                open.Enqueue(following);
            }
        }
    }

    private void Add(List<CodeSystem.ConceptDefinitionComponent> definitions, Concept? parent, ImmutableArray<Concept>.Builder all)
    {
        foreach (var definition in definitions)
        {
            // A code that is defined twice counts where it is first.
            if (definition.Code is null || _concepts.ContainsKey(definition.Code))
            {
                continue;
            }

            var concept = new Concept(definition);
            _concepts.Add(concept.Code, concept);
            all.Add(concept);
            if (parent is not null)
            {
                Link(parent, concept);
            }

            Add(definition.Concept, concept, all);
        }
    }

    // https://hl7.org/fhir/R4/codesystem.html#defined-props: a hierarchy may be written as properties too.
    private void Link(Concept concept)
    {
        foreach (var property in concept.Definition.Property)
        {
            if (property.Code is "parent" or "subsumedBy" or "child" && Find((property.Value as PrimitiveType)?.JsonValue as string) is { } other)
            {
                var (parent, child) = property.Code == "child" ? (concept, other) : (other, concept);
                if (!parent.Children.Contains(child))
                {
                    Link(parent, child);
                }
            }
        }
    }

    private static void Link(Concept parent, Concept child)
    {
        parent.Children.Add(child);
        child.Parents.Add(parent);
    }
}
