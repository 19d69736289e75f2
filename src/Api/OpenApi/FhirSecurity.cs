using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>How callers show who they are, for whoever reads the document or tries it.</summary>
internal static class FhirSecurity
{
    private const string Bearer = "bearer";
    private const string Smart = "smart";

    /// <summary>Addresses are relative: where the server is, nobody knows when the document is written.</summary>
    private static readonly Uri _token = new("/auth/token", UriKind.Relative);

    public static Dictionary<string, IOpenApiSecurityScheme> Schemes() => new()
    {
        [Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "An access token of any issuer that this server trusts, in the Authorization header and nowhere else.",
        },
        [Smart] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.OAuth2,
            Description = "SMART App Launch and SMART Backend Services with the authorization server of this process.",
            Flows = new OpenApiOAuthFlows
            {
                AuthorizationCode = new OpenApiOAuthFlow
                {
                    AuthorizationUrl = new Uri("/auth/authorize", UriKind.Relative),
                    TokenUrl = _token,
                    RefreshUrl = _token,
                    Scopes = new Dictionary<string, string>
                    {
                        ["launch/patient"] = "Choose a patient",
                        ["patient/*.rs"] = "Read and search the record of the patient in context",
                        ["user/*.cruds"] = "Everything that the user may do",
                        ["openid"] = "Tell who the user is",
                        ["fhirUser"] = "Tell which resource the user is",
                        ["offline_access"] = "Stay connected",
                    },
                },
                ClientCredentials = new OpenApiOAuthFlow
                {
                    TokenUrl = _token,
                    Scopes = new Dictionary<string, string>
                    {
                        ["system/*.rs"] = "Read and search everything",
                        ["system/*.cruds"] = "Everything",
                    },
                },
            },
        },
    };

    /// <summary>Either of the two, for every operation that does not say otherwise.</summary>
    public static List<OpenApiSecurityRequirement> Either(OpenApiDocument document) =>
    [
        new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] },
        new() { [new OpenApiSecuritySchemeReference(Smart, document)] = [] },
    ];
}
