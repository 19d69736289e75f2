using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>Access tokens as the authorization server of the process makes them.</summary>
internal static class EmbeddedToken
{
    public static string Mint(
        SecurityKey key, string token = "token-1", string grant = "grant-1", string user = "user-1", string client = "client-1")
    {
        var now = TimeProvider.System.GetUtcNow();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "http://localhost/auth",
            Audience = "http://localhost/fhir",
            TokenType = "at+jwt",
            IssuedAt = now.UtcDateTime,
            Expires = now.AddMinutes(5).UtcDateTime,
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.RsaSha256),
            Claims = new Dictionary<string, object>
            {
                ["jti"] = token,
                ["oi_au_id"] = grant,
                ["sub"] = user,
                ["client_id"] = client,
                ["fhirUser"] = "http://localhost/fhir/Practitioner/lee",
                ["scope"] = "openid fhirUser user/*.rs",
            },
        });
    }
}
