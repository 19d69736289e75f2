using System.Text.Json;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>
/// What apps ask first (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html), where nothing is issued here: it leads to the first
/// of the trusted issuers, and promises what that one says of itself and no more.
/// </summary>
internal static class ExternalConfiguration
{
    private static readonly string[] _copied =
    [
        "issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "registration_endpoint",
        "scopes_supported", "response_types_supported", "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
    ];

    /// <summary>Maps it where only issuers elsewhere are trusted; with an authorization server in this process that one answers.</summary>
    public static void MapExternalConfiguration(this IEndpointRouteBuilder routes)
    {
        // The options are validated when the server starts, which is later than this.
        if (routes.ServiceProvider.GetRequiredService<IConfiguration>()["Auth:Mode"] == "External")
        {
            routes.MapMethods("/fhir/.well-known/smart-configuration", ["GET", "HEAD"], HandleAsync).AllowAnonymous();
        }
    }

    private static async Task HandleAsync(HttpContext context, Issuers issuers)
    {
        if (issuers.First?.Keys is RemoteKeys keys && await keys.MetadataAsync(context.RequestAborted) is { } metadata)
        {
            context.Response.Headers.CacheControl = "public, max-age=300";
            await context.Response.WriteAsJsonAsync(Of(metadata.Document), JsonSerializerOptions.Default, "application/json", context.RequestAborted);
        }
        else
        {
            await BearerChallenge.IssuerDown.WriteAsync(context);
        }
    }

    private static JsonObject Of(JsonElement metadata)
    {
        var configuration = new JsonObject();
        foreach (var name in _copied)
        {
            if (metadata.TryGetProperty(name, out var value))
            {
                configuration[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        var methods = Words(metadata, "token_endpoint_auth_methods_supported", "client_secret_basic");
        configuration["grant_types_supported"] = Array(Words(metadata, "grant_types_supported", "authorization_code"));
        configuration["code_challenge_methods_supported"] = Array(Words(metadata, "code_challenge_methods_supported", "S256").Where(method => method != "plain"));
        configuration["capabilities"] = Array(
        [
            "launch-standalone", "client-public", "sso-openid-connect", "permission-patient", "permission-user", "permission-v1", "permission-v2",
            .. methods.Any(method => method.StartsWith("client_secret_", StringComparison.Ordinal)) ? (string[])["client-confidential-symmetric"] : [],
            .. methods.Contains("private_key_jwt") ? (string[])["client-confidential-asymmetric"] : [],
        ]);
        return configuration;
    }

    // Metadata may leave out what has a default (OpenID Connect Discovery, 3).
    private static List<string> Words(JsonElement metadata, string name, string usual) =>
        metadata.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [usual];

    private static JsonArray Array(IEnumerable<string> words) => [.. words.Select(word => (JsonNode)word)];
}
