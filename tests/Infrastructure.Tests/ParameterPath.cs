using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>One element on the way to a value: its name in JSON, its type, and a child that it must have.</summary>
internal sealed record PathElement(string Name, Type Type, bool IsList, (string Name, string Value)? Where = null);

/// <summary>
/// A way from a resource to a value of one type: a branch of the expression of a search parameter as published, with its choices of
/// types made. It reads the few forms of FHIRPath that R4's search parameters are written in, and nothing of the code under test.
/// </summary>
internal sealed partial record ParameterPath(IReadOnlyList<PathElement> Elements, Type End, string? Target = null)
{
    /// <summary>All ways of an expression that start at the type; several where the last element is a choice of types.</summary>
    public static IEnumerable<ParameterPath> Of(string resourceType, string expression) =>
        Of(ModelInfo.ModelInspector.FindClassMapping(resourceType)!.NativeType, resourceType, expression);

    /// <summary>The ways of an expression from an element, those of composite parameters.</summary>
    public static IEnumerable<ParameterPath> Of(Type start, string? resourceType, string expression)
    {
        foreach (var branch in Cast().Replace(expression, "$1.as($2)").Split(" | "))
        {
            var steps = Steps().Matches(branch).Select(step => step.Value).ToList();
            var isRelative = char.IsLower(steps[0][0]);
            if (isRelative || steps[0] == resourceType || steps[0] is "Resource" or "DomainResource")
            {
                foreach (var way in Walk(new ParameterPath([], start), isRelative ? steps : steps[1..]))
                {
                    yield return way;
                }
            }
        }
    }

    /// <summary>Puts a value at the end of the way, with all that leads there; or into the object in hand where the way is none.</summary>
    public void Put(JsonObject start, JsonNode value)
    {
        var holder = start;
        for (var at = 0; at < Elements.Count; at++)
        {
            var element = Elements[at];
            var isLast = at == Elements.Count - 1;
            JsonNode child = isLast ? value : NextOf(holder, element) ?? new JsonObject();
            if (child is JsonObject made && element.Where is { } where)
            {
                made[where.Name] = where.Value;
            }

            if (child.Parent is null)
            {
                Add(holder, element, child);
            }

            holder = child as JsonObject ?? holder;
        }
    }

    private static void Add(JsonObject holder, PathElement element, JsonNode child)
    {
        if (!element.IsList)
        {
            holder[element.Name] = child;
        }
        else if (holder[element.Name] is JsonArray list)
        {
            list.Add(child);
        }
        else
        {
            holder[element.Name] = new JsonArray(child);
        }
    }

    // Elements between are shared, so that a resource can hold the values of several ways.
    private static JsonObject? NextOf(JsonObject holder, PathElement element) =>
        (element.IsList ? (holder[element.Name] as JsonArray)?[^1] : holder[element.Name]) as JsonObject;

    private static IEnumerable<ParameterPath> Walk(ParameterPath way, List<string> steps)
    {
        if (steps is [])
        {
            return [way];
        }

        var rest = steps[1..];
        if (steps[0].StartsWith('['))
        {
            return Walk(way, rest);
        }

        if (TargetOf().Match(steps[0]) is { Success: true } target)
        {
            return Walk(way with { Target = target.Groups[1].Value }, rest);
        }

        if (Where().Match(steps[0]) is { Success: true } where)
        {
            var last = way.Elements[^1] with { Where = (where.Groups[1].Value, where.Groups[2].Value) };
            return Walk(way with { Elements = [.. way.Elements.SkipLast(1), last] }, rest);
        }

        if (OnlyOf().Match(steps[0]) is { Success: true } cast)
        {
            return ModelInfo.ModelInspector.FindClassMapping(cast.Groups[1].Value)!.NativeType == way.End ? Walk(way, rest) : [];
        }

        var property = ModelInfo.ModelInspector.FindClassMapping(way.End)?.FindMappedElementByName(steps[0]);
        return property is null
            ? []
            : property.FhirType.SelectMany(type => Ends(property, type)).SelectMany(element =>
                Walk(new ParameterPath([.. way.Elements, element], element.Type), rest));
    }

    private static IEnumerable<PathElement> Ends(PropertyMapping property, Type type)
    {
        var isChoice = property.Choice == ChoiceType.DatatypeChoice;
        Type[] types = isChoice && type == typeof(DataType) ? _open : [type];
        return types.Select(one =>
        {
            var name = ModelInfo.ModelInspector.FindClassMapping(one)!.Name;
            return new PathElement(
                isChoice ? $"{property.Name}{char.ToUpperInvariant(name[0])}{name[1..]}" : property.Name,
                !isChoice && property.ImplementingType.IsAssignableTo(one) ? property.ImplementingType : one,
                property.IsCollection);
        });
    }

    // What an element of any type is made as; none of R4's parameters reads another.
    private static readonly Type[] _open =
        [typeof(CodeableConcept), typeof(Quantity), typeof(FhirString), typeof(FhirBoolean), typeof(FhirDateTime), typeof(ResourceReference)];

    [GeneratedRegex(@"\(([\w.]+) as (\w+)\)")]
    private static partial Regex Cast();

    [GeneratedRegex(@"\w+\([^()]*(?:\(\)[^()]*)?\)|\[\d+\]|%?\w+")]
    private static partial Regex Steps();

    [GeneratedRegex(@"^where\(resolve\(\) is (\w+)\)$")]
    private static partial Regex TargetOf();

    [GeneratedRegex(@"^where\((\w+)='([^']*)'\)$")]
    private static partial Regex Where();

    [GeneratedRegex(@"^(?:as|ofType)\((\w+)\)$")]
    private static partial Regex OnlyOf();
}
