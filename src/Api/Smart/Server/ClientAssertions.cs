using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// Clients that prove themselves with a key (SMART 2.2, asymmetric authentication): RS384 or ES384, at most five minutes of life, each
/// assertion once on all nodes.
/// </summary>
internal static class ClientAssertions
{
    public const string TokenType = "urn:openiddict:params:oauth:token-type:client_assertion";
    public const string Refusal = "The client assertion is not acceptable.";

    public static void AddTo(OpenIddictServerBuilder server)
    {
        server.AddEventHandler<ValidateTokenContext>(handler => handler
            .UseScopedHandler<AssertionParameters>().SetOrder(Protection.ResolveTokenValidationParameters.Descriptor.Order + 500));
        server.AddEventHandler<ProcessAuthenticationContext>(handler => handler
            .UseScopedHandler<AssertionOnce>().SetOrder(ValidateClientAssertionIssuer.Descriptor.Order + 1500));
    }
}

/// <summary>Sets how an assertion is checked: with the key that it names, of the client that it is from.</summary>
internal sealed class AssertionParameters(IOpenIddictApplicationManager applications, ClientKeys keys) : IOpenIddictServerHandler<ValidateTokenContext>
{
    private static readonly string[] _algorithms = ["RS384", "ES384"];
    private static readonly string[] _types = ["JWT", "client-authentication+jwt"];

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.ValidTokenTypes.Count != 1 || !context.ValidTokenTypes.Contains(ClientAssertions.TokenType))
        {
            return;
        }

        if (Read(context.Token) is not { } token
            || string.IsNullOrEmpty(token.Kid)
            || !token.Audiences.Any(audience => IsHere(audience, context))
            || string.IsNullOrEmpty(token.Subject)
            || token.ValidTo == default
            || string.IsNullOrEmpty(token.Id)
            || token.Issuer != token.Subject
            || await applications.FindByClientIdAsync(token.Subject, context.CancellationToken) is not { } application)
        {
            context.Reject("invalid_client", ClientAssertions.Refusal);
            return;
        }

        var jku = token.TryGetHeaderValue<string>("jku", out var address) ? address : null;
        var found = await keys.FindAsync(application, token.Kid, jku, context.CancellationToken);
        if (found.IsEmpty)
        {
            context.Reject("invalid_client", ClientAssertions.Refusal);
            return;
        }

        var parameters = context.TokenValidationParameters!;
        parameters.ValidAlgorithms = _algorithms;
        parameters.ClockSkew = TimeSpan.FromSeconds(10);
        parameters.IssuerSigningKeyResolver = null;
        parameters.IssuerSigningKeys = found;
        parameters.TryAllIssuerSigningKeys = false;
        parameters.TypeValidator = (type, _, _) => string.IsNullOrEmpty(type) || _types.Contains(type, StringComparer.OrdinalIgnoreCase)
            ? "client-authentication+jwt"
            : throw new SecurityTokenInvalidTypeException();

        // Checked above: the token endpoint's address is what SMART says, and OpenIddict would want the issuer's.
        context.DisableAudienceValidation = true;
    }

    private static bool IsHere(string audience, ValidateTokenContext context)
    {
        var issuer = context.Options.Issuer!.AbsoluteUri.TrimEnd('/');
        return audience.TrimEnd('/') == issuer || audience == $"{issuer}/token";
    }

    private static JsonWebToken? Read(string? text)
    {
        try
        {
            return text is null ? null : new JsonWebToken(text);
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException)
        {
            return null;
        }
    }
}

/// <summary>Lets an assertion count once, and not for longer than five minutes.</summary>
internal sealed class AssertionOnce(IUsedAssertions used, TimeProvider clock) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(30);

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.ClientAssertionPrincipal is not { } principal)
        {
            return;
        }

        var expires = ExpiryOf(principal);
        if (expires is null || expires > clock.GetUtcNow() + _longest
            || principal.GetClaim(OpenIddictConstants.Claims.JwtId) is not { Length: > 0 } id
            || !await used.TryUseAsync(principal.GetClaim(OpenIddictConstants.Claims.Subject) ?? context.ClientId ?? "", id, expires.Value.AddMinutes(1), context.CancellationToken))
        {
            context.Reject("invalid_client", ClientAssertions.Refusal);
        }
    }

    private static DateTimeOffset? ExpiryOf(ClaimsPrincipal principal) => principal.GetExpirationDate()
        ?? (long.TryParse(principal.FindFirst(OpenIddictConstants.Claims.ExpiresAt)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null);
}

/// <summary>The public keys of clients: registered with them, or fetched from where they publish them.</summary>
internal sealed class ClientKeys(IOpenIddictApplicationManager applications, JwksClient published)
{
    private const int LeastRsaBits = 2048;

    /// <summary>The keys of this name; none where the client has none, or the token points to another address than the registered one.</summary>
    public async Task<ImmutableArray<SecurityKey>> FindAsync(object application, string kid, string? jku, CancellationToken cancellationToken)
    {
        var address = (await applications.GetPropertiesAsync(application, cancellationToken)).Text(ClientProfile.JwksUri);
        if (jku is not null && jku != address)
        {
            return [];
        }

        var set = await applications.GetJsonWebKeySetAsync(application, cancellationToken)
            ?? (address is null ? null : await published.FindAsync(address, kid, cancellationToken));
        return set is null ? [] : [.. set.Keys.Where(key => key.KeyId == kid && IsAcceptable(key))];
    }

    /// <summary>A public key that proves something: long enough, and not a secret that somebody has published.</summary>
    public static bool IsAcceptable(JsonWebKey key) => !key.HasPrivateKey && key.Kty switch
    {
        JsonWebAlgorithmsKeyTypes.RSA => key.KeySize >= LeastRsaBits,
        JsonWebAlgorithmsKeyTypes.EllipticCurve => key.Crv == "P-384",
        _ => false,
    };
}
