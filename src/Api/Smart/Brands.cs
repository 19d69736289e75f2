using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Smart;

/// <summary>Who runs this server and where its record is, for applications that list such places (SMART App Launch, User-access Brands).</summary>
internal static class Brands
{
    private const string Definitions = "http://hl7.org/fhir/StructureDefinition/";
    private static readonly DateTimeOffset _written = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Dictionary<string, string> Identifier(SmartAddresses addresses) =>
        new() { ["system"] = "urn:ietf:rfc:3986", ["value"] = addresses.Of("") };

    public static async Task HandleAsync(HttpContext context, SmartAddresses addresses, TeleFhirOptions options)
    {
        var body = Bundle(addresses, options.Auth.BrandName).ToJsonString();
        var tag = $"\"{Convert.ToHexStringLower(XxHash64.Hash(Encoding.UTF8.GetBytes(body)))}\"";
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "public, max-age=3600";
        if (context.Request.Headers.IfNoneMatch.ToString() == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "application/fhir+json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    private static JsonObject Bundle(SmartAddresses addresses, string name)
    {
        var organization = addresses.FhirBase + "/Organization/brand";
        var endpoint = addresses.FhirBase + "/Endpoint/brand";
        var website = addresses.Of("/");
        return new JsonObject
        {
            ["resourceType"] = "Bundle",
            ["type"] = "collection",
            ["timestamp"] = _written.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["entry"] = new JsonArray(
                new JsonObject { ["fullUrl"] = organization, ["resource"] = Organization(addresses, name, website) },
                new JsonObject { ["fullUrl"] = endpoint, ["resource"] = Endpoint(addresses, name, website) }),
        };
    }

    private static JsonObject Organization(SmartAddresses addresses, string name, string website) => new()
    {
        ["resourceType"] = "Organization",
        ["id"] = "brand",
        ["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = Definitions + "organization-portal",
            ["extension"] = new JsonArray(
                new JsonObject { ["url"] = "portalName", ["valueString"] = name },
                new JsonObject { ["url"] = "portalUrl", ["valueUrl"] = website },
                new JsonObject { ["url"] = "portalEndpoint", ["valueReference"] = Reference() }),
        }),
        ["identifier"] = new JsonArray(new JsonObject { ["system"] = "urn:ietf:rfc:3986", ["value"] = addresses.Of("") }),
        ["active"] = true,
        ["name"] = name,
        ["telecom"] = new JsonArray(new JsonObject { ["system"] = "url", ["value"] = website }),
        ["endpoint"] = new JsonArray(Reference()),
    };

    private static JsonObject Endpoint(SmartAddresses addresses, string name, string website) => new()
    {
        ["resourceType"] = "Endpoint",
        ["id"] = "brand",
        ["extension"] = new JsonArray(new JsonObject { ["url"] = Definitions + "endpoint-fhir-version", ["valueCode"] = "4.0.1" }),
        ["status"] = "active",
        ["connectionType"] = new JsonObject
        {
            ["system"] = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            ["code"] = "hl7-fhir-rest",
        },
        ["name"] = name,
        ["contact"] = new JsonArray(new JsonObject { ["system"] = "url", ["value"] = website }),
        ["payloadType"] = new JsonArray(new JsonObject
        {
            ["coding"] = new JsonArray(new JsonObject
            {
                ["system"] = "http://terminology.hl7.org/CodeSystem/endpoint-payload-type",
                ["code"] = "none",
            }),
        }),
        ["address"] = addresses.FhirBase,
    };

    private static JsonObject Reference() => new() { ["reference"] = "Endpoint/brand" };
}
