using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>An issuer whose tokens are taken: what is known of it, its keys and, where it is to be asked each time, how.</summary>
internal sealed class Issuer
{
    private readonly TokenValidationParameters _rules;

    public Issuer(IssuerProfile profile, ITokenKeys keys, Introspection? introspection, TimeProvider clock)
    {
        Profile = profile;
        Keys = keys;
        Introspection = introspection;
        _rules = new TokenValidationParameters
        {
            ValidIssuer = profile.Issuer,
            ValidAudiences = profile.Audiences,
            ValidTypes = profile.ValidTypes,
            ValidAlgorithms = profile.AllowedAlgorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            RequireAudience = true,
            LifetimeValidator = (notBefore, expires, _, _) =>
            {
                var now = clock.GetUtcNow().UtcDateTime;
                return expires is { } end && now < end + profile.ClockSkew && (notBefore is not { } start || now >= start - profile.ClockSkew);
            },
        };
    }

    public IssuerProfile Profile { get; }

    public ITokenKeys Keys { get; }

    public Introspection? Introspection { get; }

    /// <summary>What holds for a token that says it was signed with this key, and for no other key.</summary>
    public TokenValidationParameters RulesFor(SecurityKey key)
    {
        var rules = _rules.Clone();
        rules.IssuerSigningKey = key;

        // There is only this one to try; it is also to be tried where the token names none.
        rules.TryAllIssuerSigningKeys = true;
        return rules;
    }
}
