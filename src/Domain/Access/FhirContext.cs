using System.Text.Json;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// What an application is launched about besides patient and encounter
/// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#fhir-context): names only. Whether the application may read
/// what they name is for its scopes to say.
/// </summary>
public static class FhirContext
{
    private const int Most = 20;
    private const int LongestText = 500;
    private const string DefaultRole = "launch";
    private static readonly string[] _members = ["reference", "canonical", "identifier", "type", "role"];

    /// <summary>What is wrong with one, as a sentence; null where nothing is.</summary>
    public static string? FaultOf(JsonElement context)
    {
        if (context.ValueKind != JsonValueKind.Array || context.GetArrayLength() is 0 or > Most)
        {
            return $"fhirContext must be an array of 1 to {Most} objects.";
        }

        return context.EnumerateArray().Select(FaultOfOne).FirstOrDefault(fault => fault is not null);
    }

    private static string? FaultOfOne(JsonElement one)
    {
        if (one.ValueKind != JsonValueKind.Object || one.EnumerateObject().Any(member => !_members.Contains(member.Name) || !IsShaped(member)))
        {
            return "An object of fhirContext has reference, canonical, identifier, type and role, each a text but identifier, and nothing else.";
        }

        var (reference, canonical, type, role) = (Text(one, "reference"), Text(one, "canonical"), Text(one, "type"), Text(one, "role"));
        if (reference is null && canonical is null && !one.TryGetProperty("identifier", out _))
        {
            return "An object of fhirContext must have a reference, a canonical or an identifier.";
        }

        ResourceKey key = default;
        if (reference is not null && !ResourceKey.TryParse(reference, out key))
        {
            return "A reference of fhirContext must be relative: Type/id.";
        }

        if (canonical is not null && !IsCanonical(canonical))
        {
            return "A canonical of fhirContext must be the http or https address of a definition.";
        }

        if (type is not null && (!ResourceCatalog.IsKnown(type) || (reference is not null && key.Type != type)))
        {
            return "A type of fhirContext must be a resource type, and that of the reference.";
        }

        // Those of the launch itself are the members patient and encounter; a second one without a role of its own could be taken for it.
        return (type ?? key.Type) is "Patient" or "Encounter" && (role ?? DefaultRole) == DefaultRole
            ? "A Patient or Encounter of fhirContext must have a role other than launch."
            : null;
    }

    private static bool IsShaped(JsonProperty member) => member.Name == "identifier"
        ? member.Value.ValueKind == JsonValueKind.Object && member.Value.GetRawText().Length <= LongestText
            && (Text(member.Value, "value") is not null || Text(member.Value, "system") is not null)
        : member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is { Length: > 0 and <= LongestText };

    private static bool IsCanonical(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        && address.AbsolutePath.Split('/').Any(ResourceCatalog.IsKnown);

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
