using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The rules of one class of the SDK: of a resource, a data type or a backbone element, with those of its bases. They are put together
/// when the first object of the class is checked.
/// </summary>
/// <param name="Constraints">Invariants of the object itself.</param>
/// <param name="Elements">Rules of its elements, by name.</param>
internal sealed record ClassRules(ImmutableArray<Constraint> Constraints, FrozenDictionary<string, ElementRules> Elements)
{
    private static readonly ConcurrentDictionary<Type, ClassRules> _known = new();

    /// <summary>The rules for an object.</summary>
    public static ClassRules Of(Base value) => _known.TryGetValue(value.GetType(), out var rules) ? rules : Make(value.GetType());

    // A backbone class is met below its resource or data type only, whose rules bring it.
    private static ClassRules Make(Type type)
    {
        for (var outer = type; outer is not null; outer = outer.DeclaringType)
        {
            if (ModelInfo.ModelInspector.FindClassMapping(outer) is { IsBackboneType: false } mapping)
            {
                AddAll(mapping);
            }
        }

        return _known.GetOrAdd(type, _ => new([], FrozenDictionary<string, ElementRules>.Empty));
    }

    private static void AddAll(ClassMapping mapping)
    {
        var constraints = new List<Constraint>();
        var classes = new Dictionary<ClassMapping, Dictionary<string, ElementRules>> { [mapping] = [] };
        var own = new Dictionary<ClassMapping, ImmutableArray<Constraint>>();
        for (var type = mapping.NativeType; type is not null && type != typeof(object); type = type.BaseType)
        {
            var name = ModelInfo.ModelInspector.FindClassMapping(type)?.Name ?? type.Name;
            foreach (var (path, rules) in RuleDefinitions.R4.Of(name))
            {
                if (path.Length == 0)
                {
                    constraints.AddRange(rules.Constraints.Where(constraint => !constraints.Contains(constraint)));
                }
                else
                {
                    Add(mapping, path.Split('.'), rules, classes, own);
                }
            }
        }

        own[mapping] = [.. constraints];
        foreach (var (one, elements) in classes)
        {
            _known.TryAdd(one.NativeType, new(own.GetValueOrDefault(one, []), elements.ToFrozenDictionary(StringComparer.Ordinal)));
        }
    }

    private static void Add(
        ClassMapping mapping,
        string[] path,
        ElementRules rules,
        Dictionary<ClassMapping, Dictionary<string, ElementRules>> classes,
        Dictionary<ClassMapping, ImmutableArray<Constraint>> own)
    {
        for (var i = 0; i < path.Length; i++)
        {
            if (mapping.FindMappedElementByName(path[i]) is not { } property)
            {
                return;
            }

            var inner = ModelInfo.ModelInspector.FindClassMapping(property.ImplementingType);
            if (i < path.Length - 1)
            {
                if (inner is null)
                {
                    return;
                }

                mapping = inner;
                continue;
            }

            // An invariant of a backbone element is one of its class, which other elements share by reference; R4 repeats it for these
            // under another key (TestScript alone has them), and one is enough.
            var isBackbone = inner is { IsBackboneType: true };
            if (isBackbone)
            {
                classes.TryAdd(inner!, []);
                own.TryAdd(inner!, rules.Constraints);
            }

            var needed = rules with
            {
                Constraints = isBackbone ? [] : rules.Constraints,
                Required = property.ImplementingType.IsGenericType || rules.Required is not { IsKnown: true } ? null : rules.Required,
            };
            if (!needed.IsEmpty)
            {
                if (!classes.TryGetValue(mapping, out var elements))
                {
                    classes[mapping] = elements = [];
                }

                elements.TryAdd(path[i], needed);
            }
        }
    }
}
