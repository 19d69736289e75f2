using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html): paths are followed in the parsed resource, changes are made to its JSON at the
/// elements found.
/// </summary>
internal sealed class FhirPathPatch : ResourcePatch
{
    // The resource is parsed anew for each operation, since each sees what those before it did.
    private const long _maxParsed = 64L * 1024 * 1024;

    private readonly ImmutableArray<PatchOperation> _operations;

    private FhirPathPatch(ImmutableArray<PatchOperation> operations, string? source)
        : base(source) => _operations = operations;

    public static FhirPathPatch Read(ReadOnlyMemory<byte> body, string? source)
    {
        FhirJson.Parse(body, "Parameters", source);
        return new(PatchOperation.ReadAll(Parse(body, source).AsObject(), source), source);
    }

    private protected override JsonNode? Apply(JsonObject resource)
    {
        var left = _maxParsed;
        foreach (var operation in _operations)
        {
            var json = Encoding.UTF8.GetBytes(resource.ToJsonString());
            left -= json.Length;
            if (left < 0)
            {
                throw new FhirException(
                    HttpStatusCode.UnprocessableEntity,
                    [FhirException.Issue(OperationOutcome.IssueType.TooCostly, "The patch has too many operations for a resource of this size.", Source)]);
            }

            var parsed = FhirJson.TryParseLoosely(json) ?? throw Impossible("The patch leaves what is no resource.");
            Apply(operation, resource, parsed.ToPocoNode(ModelInfo.ModelInspector));
        }

        return resource;
    }

    private void Apply(PatchOperation operation, JsonObject root, PocoNode resource)
    {
        switch (operation.Type)
        {
            case "add":
                Add(operation, root, Single(operation, operation.Path.Select(resource)));
                break;
            case "insert":
                var (list, type) = ListOf(operation, root, resource);
                Demand(operation, operation.Index <= list.Count, "the list is shorter than that");
                list.Insert(operation.Index, operation.ValueFor(type, Impossible));
                break;
            case "move":
                var (moved, _) = ListOf(operation, root, resource);
                Demand(operation, operation.Index < moved.Count && operation.Destination < moved.Count, "the list is shorter than that");
                Move(moved, operation.Index, operation.Destination);
                break;
            case "delete":
                var found = operation.Path.Select(resource);
                if (found is not { Count: 0 })
                {
                    var (deleted, index, _) = PlaceOf(operation, root, Single(operation, found));
                    deleted.Remove(index);
                }

                break;
            default:
                Replace(operation, root, Single(operation, operation.Path.Select(resource)));
                break;
        }
    }

    private void Add(PatchOperation operation, JsonObject root, PocoNode owner)
    {
        var element = ElementOf(operation, owner, operation.Name!);
        var value = operation.ValueFor(element, Impossible);
        var holder = ObjectOf(operation, root, owner);
        if (element.IsCollection)
        {
            var list = new JsonSlot(holder, element.Name);
            list.Insert(list.Count, value);
            return;
        }

        // A choice is taken by a value of any type.
        Demand(operation, owner.Child(element.Name) is not { } child || !child.Any(), $"{element.Name} exists already; replace it");
        new JsonSlot(holder, PropertyOf(element, value.Type)).Set(value);
    }

    private void Replace(PatchOperation operation, JsonObject root, PocoNode node)
    {
        var (slot, index, element) = PlaceOf(operation, root, node);
        var value = operation.ValueFor(element, Impossible);
        if (element.IsCollection)
        {
            var place = Math.Min(index ?? 0, slot.Count - 1);
            slot.Insert(place + 1, value);
            slot.Remove(place);
            return;
        }

        slot.Remove(null);
        new JsonSlot(slot.Owner, PropertyOf(element, value.Type)).Set(value);
    }

    private static void Move(JsonSlot list, int source, int destination)
    {
        // Padding comes first: the list may be the companions' alone.
        var count = list.Count;
        var value = list.Remove(source);
        list.Insert(Math.Min(destination, count - 1), value);
    }

    private (JsonSlot List, PropertyMapping Element) ListOf(PatchOperation operation, JsonObject root, PocoNode resource)
    {
        Demand(operation, operation.Path.LastName is not null, "the path must end with the name of a list");
        var owner = Single(operation, operation.Path.SelectOwners(resource));
        var element = ElementOf(operation, owner, operation.Path.LastName!);
        Demand(operation, element.IsCollection, $"{element.Name} is no list");
        return (new(ObjectOf(operation, root, owner), element.Name), element);
    }

    private (JsonSlot Slot, int? Index, PropertyMapping Element) PlaceOf(PatchOperation operation, JsonObject root, PocoNode node)
    {
        Demand(operation, node is { Parent: not null, Name: not null }, "the path leads to no element of the resource");
        var element = ElementOf(operation, node.Parent!, node.Name!);
        return (new(ObjectOf(operation, root, node.Parent!), PropertyOf(element, node.Poco.TypeName)), element.IsCollection ? node.Index : null, element);
    }

    /// <summary>The JSON object with the properties of an element.</summary>
    private JsonObject ObjectOf(PatchOperation operation, JsonObject root, PocoNode node)
    {
        if (node.Parent is null)
        {
            Demand(operation, node.Poco is Resource, "the path leads to no element of the resource");
            return root;
        }

        var (slot, index, _) = PlaceOf(operation, root, node);
        return node.Poco is PrimitiveType
            ? slot.CompanionAt(index)
            : slot.At(index) as JsonObject ?? throw Impossible($"{operation.At}: the path leads to no element of the resource.");
    }

    private PropertyMapping ElementOf(PatchOperation operation, PocoNode owner, string name)
    {
        var element = ModelInfo.ModelInspector.FindClassMapping(owner.Poco.GetType())?.FindMappedElementByName(name);
        Demand(operation, element is not null && !(name == "value" && owner.Poco is PrimitiveType), $"there is no element {name} in {owner.Poco.TypeName}");
        return element!;
    }

    private PocoNode Single(PatchOperation operation, List<PocoNode>? found) => found switch
    {
        null => throw Impossible($"{operation.At}: the path cannot be followed in this resource."),
        [var one] => one,
        [] => throw Impossible($"{operation.At}: the path leads to nothing in this resource."),
        _ => throw Impossible(string.Create(CultureInfo.InvariantCulture, $"{operation.At}: the path leads to {found.Count} elements; it must lead to one.")),
    };

    private void Demand(PatchOperation operation, bool holds, string text)
    {
        if (!holds)
        {
            throw Impossible($"{operation.At}: {text}.");
        }
    }

    private static string PropertyOf(PropertyMapping element, string type) => element.Choice == ChoiceType.DatatypeChoice && type.Length > 0
        ? element.Name + char.ToUpperInvariant(type[0]) + type[1..]
        : element.Name;
}
