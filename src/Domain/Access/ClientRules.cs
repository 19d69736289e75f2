using System.Collections.Immutable;
using System.Text.Json;

namespace TeleFhir.Domain.Access;

/// <summary>What a registration must look like. Whatever is registered is later trusted, so what is odd is refused here.</summary>
/// <param name="AllowsLoopback">Plain http addresses of this machine may serve keys and open launches; for development.</param>
public sealed record ClientRules(bool AllowsLoopback)
{
    private const int LongestName = 200;
    private const int LongestAddress = 2000;
    private const int LeastRsaBytes = 256;
    private static readonly ImmutableArray<string> _private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private static readonly ImmutableArray<string> _contexts =
        ["openid", "fhirUser", "profile", "offline_access", "online_access", "launch", "launch/patient", "launch/encounter"];

    /// <summary>Whether a word is a scope that the server knows and that is about no resources.</summary>
    public static bool IsContext(string scope) => _contexts.Contains(scope);

    /// <summary>The scopes that are about no resources.</summary>
    public static ImmutableArray<string> Contexts => _contexts;

    /// <summary>Throws <see cref="ClientMetadataException"/> unless the registration makes sense.</summary>
    public void Check(ClientRegistration client)
    {
        ArgumentNullException.ThrowIfNull(client);
        Demand(client.Id.Length is > 0 and <= 100 && client.Id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'), "client_id may hold letters, digits, '-', '_' and '.'.");
        Demand(client.Name.Length is > 0 and <= LongestName && !client.Name.Any(char.IsControl), $"client_name must be 1 to {LongestName} characters.");
        Demand(client.RedirectUris.Length > 0 || client.IsBackend, "A client with users needs redirect_uris.");
        Demand(!client.IsBackend || client.Kind != ClientKind.Public, "A client that works on its own behalf has to prove who it is.");
        foreach (var address in client.RedirectUris)
        {
            CheckRedirect(address);
        }

        Demand(client.InitiateLoginUri is null || IsWeb(client.InitiateLoginUri, allowsLoopback: true), "initiate_login_uri must be an https address.");
        foreach (var scope in client.Scopes)
        {
            Demand(IsContext(scope) || SmartScope.Parse(scope) is not null, $"There is no scope '{scope}'.");
        }

        CheckKeys(client);
    }

    private static void CheckRedirect(string address)
    {
        // Exactly as written is how it is compared, so nothing in it may be read in two ways.
        var isGood = IsWeb(address, allowsLoopback: true)
            && !address.Contains('*', StringComparison.Ordinal)
            && !new Uri(address).Query.Contains("iss=", StringComparison.Ordinal);
        if (!isGood)
        {
            throw new ClientMetadataException("invalid_redirect_uri", "A redirect address must be https, or http on this machine, without wildcard, fragment, user or 'iss'.");
        }
    }

    private void CheckKeys(ClientRegistration client)
    {
        if (client.Kind != ClientKind.Asymmetric)
        {
            Demand(client.Jwks is null && client.JwksUri is null, "Keys belong to a client that signs (private_key_jwt).");
            return;
        }

        Demand(client.Jwks is null != client.JwksUri is null, "Either jwks or jwks_uri must be given, and not both.");
        Demand(client.JwksUri is null || IsWeb(client.JwksUri, AllowsLoopback), "jwks_uri must be an https address.");
        if (client.Jwks is { } jwks)
        {
            Demand(IsKeySet(jwks), "jwks must hold public RSA keys of 2048 bits or more, or EC keys, each with a kid of its own.");
        }
    }

    /// <summary>Whether it is a set of public keys that are strong enough, each with a name of its own.</summary>
    public static bool IsKeySet(string jwks)
    {
        ArgumentNullException.ThrowIfNull(jwks);
        try
        {
            using var document = JsonDocument.Parse(jwks);
            var keys = document.RootElement.GetProperty("keys").EnumerateArray().ToList();
            return keys.Count is > 0 and <= 20
                && keys.All(IsPublicKey)
                && keys.Select(key => key.GetProperty("kid").GetString()).Distinct(StringComparer.Ordinal).Count() == keys.Count;
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsPublicKey(JsonElement key) =>
        !_private.Any(member => key.TryGetProperty(member, out _))
        && key.GetProperty("kid").GetString() is { Length: > 0 and <= 200 }
        && key.GetProperty("kty").GetString() switch
        {
            "RSA" => BytesOf(key, "n") >= LeastRsaBytes && BytesOf(key, "e") > 0,
            "EC" => key.GetProperty("crv").GetString() is "P-256" or "P-384" or "P-521" && BytesOf(key, "x") > 0 && BytesOf(key, "y") > 0,
            _ => false,
        };

    private static int BytesOf(JsonElement key, string member) =>
        key.GetProperty(member).GetString() is { } text && System.Buffers.Text.Base64Url.IsValid(text, out var length) ? length : 0;

    private static bool IsWeb(string address, bool allowsLoopback) =>
        address.Length <= LongestAddress
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.UserInfo.Length == 0
        && !address.Contains('#', StringComparison.Ordinal)
        && (uri.Scheme == Uri.UriSchemeHttps || (allowsLoopback && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    private static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ClientMetadataException("invalid_client_metadata", otherwise);
        }
    }
}
