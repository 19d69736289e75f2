using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// JSON Patch (RFC 6902). FHIR knows no empty arrays and objects: one that an operation has emptied goes, as if it had been removed too.
/// </summary>
internal sealed class JsonPatch : ResourcePatch
{
    // Copies of copies grow without end; no resource has as many values.
    private const int _maxCopied = 100_000;

    private readonly ImmutableArray<Operation> _operations;

    private JsonPatch(ImmutableArray<Operation> operations, string? source)
        : base(source) => _operations = operations;

    private sealed record Operation(int Index, string Name, JsonPointer Path, JsonPointer? From, JsonNode? Value)
    {
        public string At => string.Create(CultureInfo.InvariantCulture, $"Operation {Index} ({Name} {Path.Text})");
    }

    public static JsonPatch Read(ReadOnlyMemory<byte> body, string? source)
    {
        JsonScan.EnsureCharacters(body.Span, source);
        if (Parse(body, source) is not JsonArray array)
        {
            throw FhirException.Invalid("A JSON Patch is an array of operations.", source);
        }

        if (array.Count > MaxOperations)
        {
            throw FhirException.Invalid($"A patch may have at most {MaxOperations} operations.", source);
        }

        return new([.. array.Select((item, index) => Read(item, index, source))], source);
    }

    private protected override JsonNode? Apply(JsonObject resource)
    {
        var root = (JsonNode?)resource;
        var copied = 0;
        var emptied = new HashSet<JsonNode>(ReferenceEqualityComparer.Instance);
        foreach (var operation in _operations)
        {
            if (root is null)
            {
                throw Impossible($"{operation.At}: there is no resource any more.");
            }

            switch (operation.Name)
            {
                case "add":
                    root = Add(root, operation, operation.Value?.DeepClone());
                    break;
                case "remove":
                    root = Remove(root, operation, operation.Path, emptied);
                    break;
                case "replace":
                    Find(root, operation, operation.Path);
                    root = Replace(root, operation, operation.Value?.DeepClone());
                    break;
                case "move":
                    root = Move(root, operation, emptied);
                    break;
                case "copy":
                    var original = Find(root, operation, operation.From!);
                    HeightOf(original, ref copied);
                    root = copied <= _maxCopied
                        ? Add(root, operation, original?.DeepClone())
                        : throw Impossible($"{operation.At}: the patch copies too much.");
                    break;
                default:
                    if (!JsonNode.DeepEquals(Find(root, operation, operation.Path), operation.Value))
                    {
                        throw Impossible($"{operation.At}: the resource has another value.");
                    }

                    break;
            }
        }

        foreach (var container in emptied)
        {
            Prune(container);
        }

        return root;
    }

    private static Operation Read(JsonNode? item, int index, string? source)
    {
        if (item is not JsonObject operation || TextOf(operation, "op") is not { } name || TextOf(operation, "path") is not { } path)
        {
            throw Wrong("an operation is an object with op and path, which are strings");
        }

        if (name is not ("add" or "remove" or "replace" or "move" or "copy" or "test"))
        {
            throw Wrong("op is add, remove, replace, move, copy or test");
        }

        if (name is "add" or "replace" or "test" && !operation.ContainsKey("value"))
        {
            throw Wrong($"{name} needs a value");
        }

        var from = name is "move" or "copy" ? TextOf(operation, "from") ?? throw Wrong($"{name} needs from, a string") : null;
        if (!JsonPointer.TryParse(path, out var target) | !JsonPointer.TryParse(from ?? "", out var origin))
        {
            throw Wrong("path and from are JSON Pointers: empty, or beginning with a slash");
        }

        if (name == "move" && origin!.IsAbove(target!))
        {
            throw Wrong("nothing moves into itself");
        }

        return new(index, name, target!, from is null ? null : origin, operation["value"]);

        FhirException Wrong(string text) =>
            FhirException.Invalid(string.Create(CultureInfo.InvariantCulture, $"Operation {index} of the patch: {text}."), source);
    }

    private static string? TextOf(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private JsonNode? Find(JsonNode root, Operation operation, JsonPointer pointer) => pointer.TryFind(root, out var value)
        ? value
        : throw Impossible($"{operation.At}: the resource has nothing at {pointer.Text}.");

    private JsonNode? Add(JsonNode root, Operation operation, JsonNode? value)
    {
        var path = operation.Path;
        var size = 0;
        if (path.Names.Length + HeightOf(value, ref size) > FhirJson.MaxDepth)
        {
            throw Impossible($"{operation.At}: the resource would be nested more than {FhirJson.MaxDepth} levels deep.");
        }

        if (path.Names.IsEmpty)
        {
            return value;
        }

        if (!path.TryFindParent(root, out var parent))
        {
            throw Impossible($"{operation.At}: the resource has nothing to add to.");
        }

        if (parent is JsonObject members)
        {
            members[path.Last] = value;
            return root;
        }

        var items = parent.AsArray();
        var index = path.Last == JsonPointer.End ? items.Count : JsonPointer.TryIndex(path.Last, out var place) ? place : -1;
        if (index < 0 || index > items.Count)
        {
            throw Impossible($"{operation.At}: the array has no such place.");
        }

        items.Insert(index, value);
        return root;
    }

    private JsonNode? Replace(JsonNode root, Operation operation, JsonNode? value)
    {
        var path = operation.Path;
        if (!path.Names.IsEmpty && path.TryFindParent(root, out var parent) && parent is JsonArray items)
        {
            items.RemoveAt(int.Parse(path.Last, NumberStyles.None, CultureInfo.InvariantCulture));
        }

        return Add(root, operation, value);
    }

    private JsonNode? Remove(JsonNode root, Operation operation, JsonPointer pointer, HashSet<JsonNode> emptied)
    {
        Find(root, operation, pointer);
        if (pointer.Names.IsEmpty || !pointer.TryFindParent(root, out var parent))
        {
            return null;
        }

        if (parent is JsonObject members)
        {
            members.Remove(pointer.Last);
        }
        else
        {
            parent.AsArray().RemoveAt(int.Parse(pointer.Last, NumberStyles.None, CultureInfo.InvariantCulture));
        }

        emptied.Add(parent);
        return root;
    }

    private JsonNode? Move(JsonNode root, Operation operation, HashSet<JsonNode> emptied)
    {
        var value = Find(root, operation, operation.From!);
        return operation.From!.Names.AsSpan().SequenceEqual(operation.Path.Names.AsSpan())
            ? root
            : Add(Remove(root, operation, operation.From, emptied)!, operation, value);
    }

    private static void Prune(JsonNode container)
    {
        while (container is JsonArray { Count: 0 } or JsonObject { Count: 0 } && container.Parent is { } parent)
        {
            switch (parent)
            {
                case JsonObject members:
                    members.Remove(container.GetPropertyName());
                    break;
                case JsonArray items:
                    items.Remove(container);
                    break;
            }

            container = parent;
        }
    }
}
