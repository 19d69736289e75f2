using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>A client's key and the assertions that it signs.</summary>
internal sealed class Assertion : IDisposable
{
    private readonly AsymmetricAlgorithm _key;
    private readonly SecurityKey _security;

    public Assertion(bool isRsa = false, int bits = 2048, string kid = "k1")
    {
        Kid = kid;
        if (isRsa)
        {
            var rsa = RSA.Create(bits);
            _key = rsa;
            _security = new RsaSecurityKey(rsa) { KeyId = kid };
            Algorithm = SecurityAlgorithms.RsaSha384;
        }
        else
        {
            var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            _key = ec;
            _security = new ECDsaSecurityKey(ec) { KeyId = kid };
            Algorithm = SecurityAlgorithms.EcdsaSha384;
        }
    }

    public string Kid { get; }

    public string Algorithm { get; set; }

    /// <summary>The public part as a key set.</summary>
    public string Jwks => JsonSerializer.Serialize(new { keys = new[] { Public() } });

    public string Sign(string client, Action<Dictionary<string, object>>? change = null, string type = "JWT", Dictionary<string, object>? header = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>
        {
            ["iss"] = client,
            ["sub"] = client,
            ["aud"] = "http://localhost/auth/token",
            ["exp"] = now + 300,
            ["jti"] = Guid.NewGuid().ToString(),
        };
        change?.Invoke(claims);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            TokenType = type,
            AdditionalHeaderClaims = header,
            SigningCredentials = new SigningCredentials(_security, Algorithm),
        });
    }

    public void Dispose() => _key.Dispose();

    private Dictionary<string, string> Public()
    {
        if (_key is RSA rsa)
        {
            var parameters = rsa.ExportParameters(false);
            return new()
            {
                ["kty"] = "RSA",
                ["kid"] = Kid,
                ["n"] = Base64UrlEncoder.Encode(parameters.Modulus),
                ["e"] = Base64UrlEncoder.Encode(parameters.Exponent),
            };
        }

        var point = ((ECDsa)_key).ExportParameters(false).Q;
        return new()
        {
            ["kty"] = "EC",
            ["crv"] = "P-384",
            ["kid"] = Kid,
            ["x"] = Base64UrlEncoder.Encode(point.X),
            ["y"] = Base64UrlEncoder.Encode(point.Y),
        };
    }
}
