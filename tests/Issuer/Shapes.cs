using System.Text.Json.Nodes;

namespace TeleFhir.Issuer;

/// <summary>Access tokens as products write them: the header's type, and claims by their names and forms.</summary>
internal static class Shapes
{
    public static (JsonObject Header, JsonObject Claims) Of(string shape, Grant grant, string issuer, long now) => shape switch
    {
        "duende" => (
            new() { ["typ"] = "at+jwt" },
            With(Common(grant, issuer, now), new()
            {
                ["client_id"] = grant.Client,
                ["scope"] = new JsonArray([.. grant.Scopes.Select(scope => JsonValue.Create(scope))]),
            })),
        "duende-text" => (
            new() { ["typ"] = "at+jwt" },
            With(Common(grant, issuer, now), new() { ["client_id"] = grant.Client, ["scope"] = string.Join(' ', grant.Scopes) })),
        "keycloak" => (
            new() { ["typ"] = "JWT" },
            With(Common(grant, issuer, now), new()
            {
                ["typ"] = "Bearer",
                ["azp"] = grant.Client,
                ["aud"] = new JsonArray(grant.Audience, "account"),
                ["realm_access"] = new JsonObject { ["roles"] = new JsonArray("offline_access", "manage-telefhir") },
                ["scope"] = $"openid {string.Join(' ', grant.Scopes)} email",
            })),
        "entra" => (
            new() { ["typ"] = "JWT" },
            With(Common(grant, issuer, now), new()
            {
                ["azp"] = grant.Client,
                ["tid"] = "0d6a4f1e-2f8e-4a43-9f3c-6a31f61f5f0e",
                ["ver"] = "2.0",
                ["scp"] = string.Join(' ', grant.Scopes.Select(scope => scope.Replace("/", "%2f", StringComparison.Ordinal))),
            })),
        _ => throw new ArgumentException($"There is no shape {shape}."),
    };

    private static JsonObject Common(Grant grant, string issuer, long now)
    {
        var claims = new JsonObject
        {
            ["iss"] = issuer,
            ["aud"] = grant.Audience,
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + grant.Seconds,
            ["jti"] = Guid.NewGuid().ToString("N"),
        };
        (string, string?)[] optional = [("sub", grant.Subject), ("patient", grant.Patient), ("fhirUser", grant.FhirUser)];
        foreach (var (name, value) in optional.Where(claim => claim.Item2 is not null))
        {
            claims[name] = value;
        }

        return claims;
    }

    private static JsonObject With(JsonObject claims, JsonObject more)
    {
        foreach (var (name, value) in more)
        {
            claims[name] = value?.DeepClone();
        }

        return claims;
    }
}

/// <summary>What is granted to whom.</summary>
internal sealed record Grant
{
    public string Client { get; init; } = "some-app";

    public string? Subject { get; init; }

    public string[] Scopes { get; init; } = [];

    public string Audience { get; init; } = "";

    public string? Patient { get; init; }

    public string? FhirUser { get; init; }

    public int Seconds { get; init; } = 300;
}
