using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TeleFhir.Definitions;

/// <summary>
/// What a StructureDefinition says of the elements of a type and the SDK's classes do not check: invariants, bindings, reference targets.
/// Each type has its own elements only; what it has from its base is written at the base.
/// <code>
/// { "constraints": [[key, severity, expression, human]], "valueSets": { url: { system: [code] } },
///   "types": { type: { path below the type: { "c": [constraint], "b": required value set, "e": extensible value set, "t": [target] } } } }
/// </code>
/// A required value set is listed where all its codes can be.
/// </summary>
internal static class RuleList
{
    private const string Structure = "http://hl7.org/fhir/StructureDefinition/";

    public static byte[] Make(PackageResources resources)
    {
        var constraints = new List<JsonArray>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var required = new SortedSet<string>(StringComparer.Ordinal);
        var types = new JsonObject();
        foreach (var definition in resources.Of("StructureDefinition").Where(IsType))
        {
            var elements = new JsonObject();
            foreach (var element in definition["snapshot"]!["element"]!.AsArray().Select(element => element!.AsObject()))
            {
                var rules = Rules(definition, element, constraints, numbers, required);
                if (rules.Count > 0)
                {
                    var path = (string)element["path"]!;
                    elements[path.Contains('.', StringComparison.Ordinal) ? path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..] : ""] = rules;
                }
            }

            if (elements.Count > 0)
            {
                types[(string)definition["type"]!] = elements;
            }
        }

        var codes = new CodeLists(resources);
        var valueSets = new JsonObject();
        foreach (var url in required)
        {
            if (codes.Of(url) is { } systems)
            {
                valueSets[url] = systems;
            }
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            new JsonObject { ["constraints"] = new JsonArray([.. constraints]), ["valueSets"] = valueSets, ["types"] = types }.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    // Everything that is not a profile, a logical model, or a primitive, whose format the SDK checks.
    private static bool IsType(JsonObject definition) =>
        (string?)definition["kind"] is "complex-type" or "resource" && (string?)definition["derivation"] != "constraint";

    private static JsonObject Rules(
        JsonObject definition, JsonObject element, List<JsonArray> constraints, Dictionary<string, int> numbers, SortedSet<string> required)
    {
        var rules = new JsonObject();
        var own = new JsonArray();
        foreach (var constraint in Items(element["constraint"]).Where(constraint => IsOwn(definition, constraint)))
        {
            var identity = $"{constraint["key"]} {constraint["expression"]}";
            if (!numbers.TryGetValue(identity, out var number))
            {
                numbers[identity] = number = constraints.Count;
                constraints.Add([Copy(constraint["key"]), Copy(constraint["severity"]), Copy(constraint["expression"]), Copy(constraint["human"])]);
            }

            own.Add(number);
        }

        if (own.Count > 0)
        {
            rules["c"] = own;
        }

        // What is inherited with the base is told there.
        if ((string?)element["base"]?["path"] != (string?)element["path"])
        {
            return rules;
        }

        if (element["binding"] is JsonObject binding && (string?)binding["valueSet"] is { } canonical
            && (string?)binding["strength"] is "required" or "extensible")
        {
            var url = canonical.Split('|')[0];
            var isRequired = (string?)binding["strength"] == "required";
            rules[isRequired ? "b" : "e"] = url;
            if (isRequired)
            {
                required.Add(url);
            }
        }

        var targets = Items(element["type"]).Where(type => (string?)type["code"] == "Reference")
            .SelectMany(type => type["targetProfile"]?.AsArray() ?? [])
            .Select(target => ((string)target!)[Structure.Length..])
            .ToList();
        if (targets.Count > 0 && !targets.Contains("Resource"))
        {
            rules["t"] = new JsonArray([.. targets.Select(target => (JsonNode)target)]);
        }

        return rules;
    }

    private static bool IsOwn(JsonObject definition, JsonObject constraint) =>
        constraint["expression"] is not null
        && (constraint["source"] is not { } source || (string?)source == (string?)definition["url"]);

    private static IEnumerable<JsonObject> Items(JsonNode? list) => list?.AsArray().Select(item => item!.AsObject()) ?? [];

    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();
}
