using System.Text.Json.Nodes;

namespace TeleFhir.Definitions;

/// <summary>The codes of value sets that are made of whole code systems, of listed codes and of other such value sets.</summary>
internal sealed class CodeLists(PackageResources resources)
{
    private readonly Dictionary<string, JsonObject> _systems = ByUrl(resources.Of("CodeSystem"));
    private readonly Dictionary<string, JsonObject> _valueSets = ByUrl(resources.Of("ValueSet"));

    /// <summary>Codes by system, or null where they cannot all be listed.</summary>
    public JsonObject? Of(string url)
    {
        var codes = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        if (!Add(url, codes))
        {
            return null;
        }

        var listed = new JsonObject();
        foreach (var (system, members) in codes)
        {
            listed[system] = new JsonArray([.. members.Select(code => (JsonNode)code)]);
        }

        return listed;
    }

    private bool Add(string url, SortedDictionary<string, SortedSet<string>> codes)
    {
        if (!_valueSets.TryGetValue(url, out var valueSet) || valueSet["compose"] is not JsonObject compose || compose["exclude"] is not null)
        {
            return false;
        }

        foreach (var include in compose["include"]!.AsArray().Select(include => include!.AsObject()))
        {
            if (include["filter"] is not null || !(include["system"] is { } system ? AddSystem((string)system!, include, codes) : AddSets(include, codes)))
            {
                return false;
            }
        }

        return true;
    }

    private bool AddSets(JsonObject include, SortedDictionary<string, SortedSet<string>> codes) =>
        include["valueSet"] is JsonArray { Count: 1 } sets && Add(((string)sets[0]!).Split('|')[0], codes);

    private bool AddSystem(string system, JsonObject include, SortedDictionary<string, SortedSet<string>> codes)
    {
        if (include["valueSet"] is not null)
        {
            return false;
        }

        if (!codes.TryGetValue(system, out var members))
        {
            codes[system] = members = new(StringComparer.Ordinal);
        }

        if (include["concept"] is { } listed)
        {
            members.UnionWith(listed.AsArray().Select(concept => (string)concept!["code"]!));
            return true;
        }

        if (!_systems.TryGetValue(system, out var definition) || (string?)definition["content"] != "complete")
        {
            return false;
        }

        AddConcepts(definition["concept"], members);
        return true;
    }

    private static void AddConcepts(JsonNode? concepts, SortedSet<string> codes)
    {
        foreach (var concept in concepts?.AsArray() ?? [])
        {
            codes.Add((string)concept!["code"]!);
            AddConcepts(concept["concept"], codes);
        }
    }

    private static Dictionary<string, JsonObject> ByUrl(IEnumerable<JsonObject> definitions) => definitions
        .Where(definition => definition["url"] is not null)
        .DistinctBy(definition => (string)definition["url"]!)
        .ToDictionary(definition => (string)definition["url"]!, StringComparer.Ordinal);
}
