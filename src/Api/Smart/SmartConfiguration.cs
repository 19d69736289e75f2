namespace TeleFhir.Api.Smart;

/// <summary>What applications ask first (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html). Public, and JSON whatever is asked for.</summary>
internal static class SmartConfiguration
{
    private static readonly string[] _capabilities =
    [
        "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric",
        "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient",
        "context-standalone-encounter", "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1",
        "permission-v2",
    ];

    private static readonly string[] _scopes =
    [
        "openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "offline_access", "online_access",
        "patient/*.cruds", "user/*.cruds", "system/*.cruds", "patient/*.read", "patient/*.write", "user/*.read", "user/*.write",
        "patient/Patient.rs", "patient/Observation.rs", "patient/Condition.rs",
    ];

    public static void MapSmartConfiguration(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/fhir/.well-known/smart-configuration", ["GET", "HEAD"], Handle).AllowAnonymous().ExcludeFromDescription();

    private static IResult Handle(HttpContext context, SmartAddresses addresses)
    {
        context.Response.Headers.CacheControl = "public, max-age=300";
        return Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = addresses.Issuer,
            ["jwks_uri"] = addresses.Of(SmartAddresses.KeysPath),
            ["authorization_endpoint"] = addresses.Of(SmartAddresses.AuthorizePath),
            ["token_endpoint"] = addresses.Of(SmartAddresses.TokenPath),
            ["introspection_endpoint"] = addresses.Of(SmartAddresses.IntrospectPath),
            ["revocation_endpoint"] = addresses.Of(SmartAddresses.RevokePath),
            ["registration_endpoint"] = addresses.Of(SmartAddresses.RegisterPath),
            ["management_endpoint"] = addresses.Of(SmartAddresses.AppsPath),
            ["user_access_brand_bundle"] = addresses.Of(SmartAddresses.BrandsPath),
            ["user_access_brand_identifier"] = Brands.Identifier(addresses),
            ["grant_types_supported"] = (string[])["authorization_code", "client_credentials", "refresh_token"],
            ["response_types_supported"] = (string[])["code"],
            ["code_challenge_methods_supported"] = (string[])["S256"],
            ["token_endpoint_auth_methods_supported"] = (string[])["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
            ["token_endpoint_auth_signing_alg_values_supported"] = MetadataMembers.SigningAlgorithms,
            ["scopes_supported"] = _scopes,
            ["capabilities"] = _capabilities,
        });
    }
}
