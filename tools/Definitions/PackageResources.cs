using System.Text.Json.Nodes;

namespace TeleFhir.Definitions;

/// <summary>The definitions in an unpacked npm package of FHIR, in the order of their file names.</summary>
internal sealed class PackageResources(string folder)
{
    /// <summary>All resources of a type.</summary>
    public IEnumerable<JsonObject> Of(string type) => Directory.EnumerateFiles(folder, $"{type}-*.json")
        .Order(StringComparer.Ordinal)
        .Select(path => JsonNode.Parse(File.ReadAllBytes(path))!.AsObject())
        .Where(resource => (string?)resource["resourceType"] == type);
}
