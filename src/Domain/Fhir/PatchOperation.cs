using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>One operation of a FHIRPath Patch, read from a Parameters resource that is sound.</summary>
internal sealed record PatchOperation
{
    private readonly JsonObject? _value;

    private PatchOperation(JsonObject? value) => _value = value;

    public required int Number { get; init; }

    /// <summary>add, insert, delete, replace or move.</summary>
    public required string Type { get; init; }

    public required PatchPath Path { get; init; }

    /// <summary>The element that add makes.</summary>
    public string? Name { get; init; }

    /// <summary>Where insert puts it, or from where move takes it.</summary>
    public int Index { get; init; }

    /// <summary>Where move puts it.</summary>
    public int Destination { get; init; }

    /// <summary>The operation in error messages.</summary>
    public string At => string.Create(CultureInfo.InvariantCulture, $"Operation {Number} ({Type} {Path.Text})");

    public static ImmutableArray<PatchOperation> ReadAll(JsonObject parameters, string? source)
    {
        var items = parameters["parameter"] as JsonArray ?? [];
        return items.Count is > 0 and <= ResourcePatch.MaxOperations
            ? [.. items.Select((item, index) => Read(item!.AsObject(), index, $"{source ?? "Parameters"}.parameter[{index}]"))]
            : throw FhirException.Invalid($"A patch has 1 to {ResourcePatch.MaxOperations} operations.", source);
    }

    /// <summary>The value in the form that an element has.</summary>
    public PatchValue ValueFor(PropertyMapping element, Func<string, FhirException> impossible) => ValueOf(_value!, element, impossible, 0);

    private static PatchOperation Read(JsonObject item, int index, string source)
    {
        if (TextOf(item, "name") != "operation")
        {
            throw FhirException.Invalid("Each parameter of a patch is an operation.", source);
        }

        var parts = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var part in (item["part"] as JsonArray ?? []).Select(part => part!.AsObject()))
        {
            if (TextOf(part, "name") is not { } name || !parts.TryAdd(name, part))
            {
                throw FhirException.Invalid("A part is given twice or without a name.", source);
            }
        }

        var type = Text("type");
        if (type is not ("add" or "insert" or "delete" or "replace" or "move"))
        {
            throw FhirException.Invalid("The type of an operation is add, insert, delete, replace or move.", source);
        }

        if (type is "add" or "insert" or "replace" && !parts.ContainsKey("value"))
        {
            throw FhirException.Invalid($"{type} needs a value.", source);
        }

        return new(parts.GetValueOrDefault("value"))
        {
            Number = index,
            Type = type,
            Path = PatchPath.Parse(Text("path")) ?? throw FhirException.Invalid(
                "The path is no FHIRPath expression, or one that a patch cannot have: it picks elements by name, place and simple criteria.", source),
            Name = type == "add" ? Text("name") : null,
            Index = type switch
            {
                "insert" => Place("index"),
                "move" => Place("source"),
                _ => 0,
            },
            Destination = type == "move" ? Place("destination") : 0,
        };

        string Text(string name) => parts.TryGetValue(name, out var part)
            && part.FirstOrDefault(member => member.Key.StartsWith("value", StringComparison.Ordinal)).Value is JsonValue value
            && value.TryGetValue<string>(out var text)
                ? text
                : throw FhirException.Invalid($"The operation needs {name}, a string.", source);

        int Place(string name) => parts.TryGetValue(name, out var part)
            && part.FirstOrDefault(member => member.Key.StartsWith("value", StringComparison.Ordinal)).Value is JsonValue value
            && value.TryGetValue<int>(out var place) && place >= 0
                ? place
                : throw FhirException.Invalid($"The operation needs {name}, an integer that is not negative.", source);
    }

    private static PatchValue ValueOf(JsonObject part, PropertyMapping element, Func<string, FhirException> impossible, int depth)
    {
        if (depth > FhirJson.MaxDepth)
        {
            throw impossible("The value is nested too deep.");
        }

        if (part["part"] is JsonArray parts && element.Choice != ChoiceType.DatatypeChoice)
        {
            return new(Compose(parts, element.PropertyTypeMapping, impossible, depth), null, "");
        }

        if (part["resource"] is JsonObject resource)
        {
            return new(resource.DeepClone(), null, "");
        }

        foreach (var (name, _) in part)
        {
            var bare = name.TrimStart('_');
            if (bare.StartsWith("value", StringComparison.Ordinal) && bare.Length > "value".Length)
            {
                var type = bare["value".Length..];
                Demand(type, element, impossible);
                return new(part[bare]?.DeepClone(), part["_" + bare]?.DeepClone(), type);
            }
        }

        throw impossible($"The value for {element.Name} is empty.");
    }

    /// <summary>An element whose type Parameters cannot have as a value: its elements are parts.</summary>
    private static JsonObject Compose(JsonArray parts, ClassMapping? type, Func<string, FhirException> impossible, int depth)
    {
        var made = new JsonObject();
        foreach (var part in parts.Select(part => part!.AsObject()))
        {
            var name = TextOf(part, "name") ?? "";
            if (type?.FindMappedElementByName(name) is not { } element)
            {
                throw impossible($"There is no element {name} in {type?.Name ?? "this type"}.");
            }

            var value = ValueOf(part, element, impossible, depth + 1);
            if (element.IsCollection)
            {
                var list = new JsonSlot(made, name);
                list.Insert(list.Count, value);
            }
            else
            {
                new JsonSlot(made, element.Choice == ChoiceType.DatatypeChoice ? name + value.Type : name).Set(value);
            }
        }

        return made;
    }

    // Primitives are judged by their form when the whole is parsed; complex types must be the very one.
    private static void Demand(string type, PropertyMapping element, Func<string, FhirException> impossible)
    {
        if (element.Choice != ChoiceType.None || element.PropertyTypeMapping is not { } wanted)
        {
            return;
        }

        var given = ModelInfo.ModelInspector.FindClassMapping(type) ?? ModelInfo.ModelInspector.FindClassMapping(char.ToLowerInvariant(type[0]) + type[1..]);
        if (given is null || given.IsFhirPrimitive != wanted.IsFhirPrimitive || (!given.IsFhirPrimitive && given.Name != wanted.Name))
        {
            throw impossible($"{element.Name} has the type {wanted.Name}, not {type}.");
        }
    }

    private static string? TextOf(JsonObject part, string name) => part[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
