using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace TeleFhir.Issuer;

/// <summary>A key pair and what can be done with it, rightly and wrongly.</summary>
internal sealed class SigningKey(string id) : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Id => id;

    private string EllipticId => id + "-ec";

    public IEnumerable<JsonObject> Published()
    {
        var rsa = _rsa.ExportParameters(includePrivateParameters: false);
        yield return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["alg"] = "RS256",
            ["kid"] = Id,
            ["n"] = Base64Url.EncodeToString(rsa.Modulus),
            ["e"] = Base64Url.EncodeToString(rsa.Exponent),
        };
        var ec = _ec.ExportParameters(includePrivateParameters: false);
        yield return new JsonObject
        {
            ["kty"] = "EC",
            ["use"] = "sig",
            ["crv"] = "P-256",
            ["kid"] = EllipticId,
            ["x"] = Base64Url.EncodeToString(ec.Q.X),
            ["y"] = Base64Url.EncodeToString(ec.Q.Y),
        };
    }

    /// <summary>The token; algorithms other than RS256 and ES256 are forgeries.</summary>
    public string Sign(string algorithm, JsonObject header, JsonObject claims)
    {
        header["alg"] = algorithm;
        if (!header.ContainsKey("kid"))
        {
            header["kid"] = algorithm == "ES256" ? EllipticId : Id;
        }

        var signed = $"{Encode(header)}.{Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = algorithm switch
        {
            "none" => [],
            "ES256" => _ec.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), bytes),
            _ => _rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
