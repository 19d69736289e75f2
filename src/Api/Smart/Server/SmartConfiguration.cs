using System.Text.Json;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart.Server;

/// <summary>What an app reads first (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html). Public, JSON whatever is asked for.</summary>
internal static class SmartConfiguration
{
    private static readonly string[] _capabilities =
    [
        "launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
        "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient", "permission-offline",
        "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2", "authorize-post",
    ];

    private static readonly string[] _scopes =
    [
        .. ScopeRules.Context, "patient/*.cruds", "patient/*.rs", "user/*.cruds", "user/*.rs", "system/*.cruds", "system/*.rs",
        "patient/Patient.rs", "patient/Observation.rs", "patient/Encounter.rs", "patient/Appointment.rs", "patient/*.read", "user/*.read",
    ];

    public static void MapSmartConfiguration(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/fhir/.well-known/smart-configuration", ["GET", "HEAD"], (HttpContext context, FhirAddress address) =>
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
            context.Response.Headers.CacheControl = "public, max-age=300";
            return Results.Json(Document(new Uri(address.Base).GetLeftPart(UriPartial.Authority)), JsonSerializerOptions.Default, "application/json");
        }).AllowAnonymous();
        routes.MapGet("/auth/smart-style.json", () => Results.Json(new Dictionary<string, string>
        {
            ["color_background"] = "#ffffff",
            ["color_error"] = "#9f1d1d",
            ["color_highlight"] = "#0b5c6b",
            ["color_modal_backdrop"] = "#00000080",
            ["color_success"] = "#1d6b34",
            ["color_text"] = "#17262b",
            ["dim_border_radius"] = "6px",
            ["dim_font_size"] = "16px",
            ["dim_spacing_size"] = "16px",
            ["font_family_body"] = "system-ui, sans-serif",
            ["font_family_heading"] = "system-ui, sans-serif",
        }, JsonSerializerOptions.Default)).AllowAnonymous();
    }

    private static Dictionary<string, object> Document(string origin)
    {
        var issuer = origin + "/auth";
        return new Dictionary<string, object>
        {
            ["issuer"] = issuer,
            ["jwks_uri"] = $"{issuer}/jwks",
            ["authorization_endpoint"] = $"{issuer}/authorize",
            ["token_endpoint"] = $"{issuer}/token",
            ["introspection_endpoint"] = $"{issuer}/introspect",
            ["revocation_endpoint"] = $"{issuer}/revoke",
            ["registration_endpoint"] = $"{issuer}/register",
            ["management_endpoint"] = $"{issuer}/apps",
            ["grant_types_supported"] = new[] { "authorization_code", "client_credentials", "refresh_token" },
            ["response_types_supported"] = new[] { "code" },
            ["scopes_supported"] = _scopes,
            ["code_challenge_methods_supported"] = new[] { "S256" },
            ["token_endpoint_auth_methods_supported"] = new[] { "client_secret_basic", "client_secret_post", "private_key_jwt" },
            ["token_endpoint_auth_signing_alg_values_supported"] = new[] { "RS384", "ES384" },
            ["capabilities"] = _capabilities,
        };
    }
}
