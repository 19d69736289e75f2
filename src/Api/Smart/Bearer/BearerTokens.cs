using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>Whether a token lets its bearer in.</summary>
internal enum Verdict
{
    /// <summary>It does, as the caller that it names.</summary>
    Admitted,

    /// <summary>It does not; nobody outside learns why.</summary>
    Refused,

    /// <summary>It cannot be told now, because its issuer does not answer.</summary>
    Unknown,
}

/// <summary>What came of a token.</summary>
internal readonly record struct Admission(Verdict Verdict, Caller Caller)
{
    public static Admission Refused { get; } = new(Verdict.Refused, Caller.Anonymous);

    public static Admission Unknown { get; } = new(Verdict.Unknown, Caller.Anonymous);
}

/// <summary>
/// Tells who bears a token. A token is checked in full once and then known by its hash, for minutes at most and while the keys it was
/// checked with are in use; whether it or its user has been revoked is asked each time.
/// </summary>
internal sealed class BearerTokens(
    Issuers issuers,
    IRevocations revocations,
    TimeProvider clock,
    ILogger<BearerTokens> logger,
    IUserDirectory? users = null,
    IEmergencyAccess? emergencies = null)
{
    public const int MaxLength = 16 * 1024;

    private const int MostKnown = 100_000;
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);
    private static readonly string[] _marksOfIdTokens = ["at_hash", "c_hash", "s_hash"];
    private static readonly string[] _otherKinds = ["ID", "Refresh", "Offline", "Logout"];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxLength };
    private readonly AdmittedTokens _known = new(MostKnown);

    public ValueTask<Admission> AdmitAsync(string token, CancellationToken cancellationToken)
    {
        if (TokenHash.Of(token) is not { } hash)
        {
            return new(Admission.Refused);
        }

        return _known.Find(hash) is { } known && known.IsCurrent(clock.GetUtcNow())
            ? new(Judge(known))
            : new(AdmitNewAsync(token, hash, cancellationToken));
    }

    private Admission Judge(AdmittedToken token)
    {
        if (token.IsRevoked(revocations))
        {
            return Admission.Refused;
        }

        return token.Caller.UserId is { } user && emergencies?.PatientsOf(user) is { IsDefaultOrEmpty: false } patients
            ? new(Verdict.Admitted, token.Caller with { EmergencyPatients = patients })
            : new(Verdict.Admitted, token.Caller);
    }

    private async Task<Admission> AdmitNewAsync(string token, TokenHash hash, CancellationToken cancellationToken)
    {
        if (Read(token) is not { } jwt || issuers.Find(jwt.Issuer) is not { } issuer)
        {
            return Refuse("it is of no issuer that is trusted");
        }

        if (!issuer.Profile.AllowedAlgorithms.Contains(jwt.Alg) || jwt.TryGetHeaderValue<object>("crit", out _))
        {
            return Refuse("its header is not acceptable");
        }

        var (keys, key) = await issuer.Keys.FindAsync(jwt.Kid, cancellationToken);
        if (keys is null)
        {
            return Admission.Unknown;
        }

        if (key is null)
        {
            return Refuse("its issuer has no such key");
        }

        var result = await _handler.ValidateTokenAsync(jwt, issuer.RulesFor(key));
        if (!result.IsValid)
        {
            return Refuse(result.Exception?.GetType().Name ?? "it is not valid");
        }

        if (Admit(jwt, issuer, keys) is not { } admitted)
        {
            return Refuse("it is no access token for this server");
        }

        // Disabling a user revokes what was issued until then; this is for a token that slipped through between the two.
        if (issuer.Profile.IsEmbedded && users is not null && admitted.Caller.UserId is { } user
            && await users.FindAsync(user, cancellationToken) is not { IsDisabled: false })
        {
            return Refuse("its user is disabled or gone");
        }

        if (issuer.Introspection is { } introspection)
        {
            switch (await introspection.IsActiveAsync(token, cancellationToken))
            {
                case null:
                    return Admission.Unknown;
                case false:
                    return Refuse("its issuer says that it is not active");
            }
        }

        _known.Add(hash, admitted);
        return Judge(admitted);
    }

    private static JsonWebToken? Read(string token)
    {
        try
        {
            var jwt = new JsonWebToken(token);
            return jwt.IsEncrypted ? null : jwt;
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return null;
        }
    }

    private AdmittedToken? Admit(JsonWebToken jwt, Issuer issuer, TokenKeySet keys)
    {
        var profile = issuer.Profile;
        var claims = new TokenClaims(JsonSerializer.Deserialize<JsonElement>(Base64UrlEncoder.DecodeBytes(jwt.EncodedPayload)));
        var now = clock.GetUtcNow();
        if (claims.Time("exp") is not { } expires
            || IsOfAnotherKind(claims)
            || SmartAccess.CallerOf(claims, profile, issuers.FhirBase) is not { } caller)
        {
            return null;
        }

        // Revocations are forgotten when the longest-lived token has run out; one that outlives them could come back to life.
        var issued = claims.Time("iat") ?? claims.Time("nbf");
        if (expires - (issued ?? now) > issuers.LongestTokenLife)
        {
            return null;
        }

        var check = now + (issuer.Introspection is null ? _longest : Introspection.Fresh);
        var tokenId = claims.Text("jti") is { } id ? SmartAccess.Qualified(id, profile) : null;
        var authorizationId = claims.Text("oi_au_id") is { } authorization ? SmartAccess.Qualified(authorization, profile) : null;
        return new AdmittedToken
        {
            Issuer = issuer,
            Caller = caller with { TokenId = tokenId, AuthorizationId = authorizationId },
            Keys = keys,
            Until = check < expires + profile.ClockSkew ? check : expires + profile.ClockSkew,
            Issued = issued ?? DateTimeOffset.MinValue,
            TokenId = tokenId,
            AuthorizationId = authorizationId,
        };
    }

    /// <summary>Where access tokens have the plain type JWT, id_tokens and refresh tokens of the same issuer look alike but for these.</summary>
    private static bool IsOfAnotherKind(TokenClaims claims) =>
        Array.Exists(_marksOfIdTokens, claims.Has) || (claims.Text("typ") is { } kind && _otherKinds.Contains(kind));

    private Admission Refuse(string reason)
    {
        logger.LogDebug("A token was refused: {Reason}", reason);
        return Admission.Refused;
    }
}
