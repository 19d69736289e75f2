using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Validation;

/// <summary>What <c>$validate</c> is asked: a Parameters resource, or the resource to be checked by itself.</summary>
/// <param name="Resource">The bytes of the resource, which may be as wrong as they like; empty where there is none.</param>
/// <param name="Mode">create, update, delete, profile, or null.</param>
/// <param name="Profiles">What to hold it against, beside what it claims.</param>
internal sealed record ValidateRequest(ReadOnlyMemory<byte> Resource, string? Mode, ImmutableArray<string> Profiles)
{
    private static readonly JsonDocumentOptions _options = new() { MaxDepth = 2 * FhirJson.MaxDepth };

    /// <summary>Reads the body and the parameters of the address. 400 for what is no JSON and for parameters that are not known.</summary>
    public static ValidateRequest Read(ReadOnlyMemory<byte> body, string type, ImmutableArray<KeyValuePair<string, string>> parameters)
    {
        var request = new ValidateRequest(ReadOnlyMemory<byte>.Empty, null, []);
        foreach (var (name, value) in parameters)
        {
            request = request.With(name, value);
        }

        if (body.IsEmpty)
        {
            return request;
        }

        using var json = Parse(body);
        try
        {
            return IsParameters(json.RootElement, type) ? request.With(json.RootElement) : request with { Resource = body };
        }
        catch (InvalidOperationException)
        {
            // An escape of half a character is well-formed JSON until somebody reads it.
            throw FhirException.Invalid("The content has a string with half a character.");
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, _options);
        }
        catch (JsonException)
        {
            throw FhirException.Invalid("The content is no JSON.");
        }
    }

    // A Parameters resource may itself be what is to be checked: then it does not hold a resource under that name.
    private static bool IsParameters(JsonElement root, string type) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("resourceType", out var name) && name.ValueKind == JsonValueKind.String && name.ValueEquals("Parameters")
        && (type != "Parameters" || Items(root).Any(parameter => NameOf(parameter) is "resource"));

    private static IEnumerable<JsonElement> Items(JsonElement root) =>
        root.TryGetProperty("parameter", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];

    private static string? NameOf(JsonElement parameter) =>
        parameter.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;

    private ValidateRequest With(JsonElement root)
    {
        var request = this;
        foreach (var parameter in Items(root))
        {
            if (NameOf(parameter) is "resource")
            {
                request = parameter.TryGetProperty("resource", out var resource)
                    ? request with { Resource = Encoding.UTF8.GetBytes(resource.GetRawText()) }
                    : throw FhirException.Invalid("The parameter resource holds a resource.", "Parameters.parameter");
            }
            else
            {
                var value = parameter.EnumerateObject()
                    .FirstOrDefault(member => member.Name.StartsWith("value", StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.String);
                request = request.With(NameOf(parameter) ?? "", value.Value.ValueKind == JsonValueKind.String ? value.Value.GetString()! : "");
            }
        }

        return request;
    }

    private ValidateRequest With(string name, string value) => name switch
    {
        "mode" when value is "create" or "update" or "delete" or "profile" => this with { Mode = value },
        "mode" => throw FhirException.Invalid("mode must be create, update, delete or profile."),
        "profile" when value.Length > 0 => this with { Profiles = Profiles.Add(value) },
        "profile" => throw FhirException.Invalid("profile must be the URL of a profile."),
        _ => throw FhirException.NotSupported("The parameters of $validate are resource, mode and profile."),
    };
}
