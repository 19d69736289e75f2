using System.Collections.Immutable;
using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>The public keys of one issuer at one time. Tokens checked with another set are checked again.</summary>
internal sealed class TokenKeySet(IEnumerable<SecurityKey> keys)
{
    private const int LeastRsaBits = 2048;

    private readonly ImmutableArray<SecurityKey> _keys = [.. keys.Where(IsStrong)];

    /// <summary>The key of this name; a token that names none is of the only key there is.</summary>
    public SecurityKey? Find(string? kid) => string.IsNullOrEmpty(kid)
        ? _keys.Length == 1 ? _keys[0] : null
        : _keys.FirstOrDefault(key => key.KeyId == kid);

    // Symmetric keys have no place in a published set, and short ones prove nothing.
    private static bool IsStrong(SecurityKey key) => key switch
    {
        RsaSecurityKey rsa => rsa.KeySize >= LeastRsaBits,
        ECDsaSecurityKey => true,
        _ => false,
    };
}

/// <summary>What came of looking for a key.</summary>
/// <param name="Set">The set it was looked for in; null where there is none, because the issuer does not answer.</param>
/// <param name="Key">The key, or null where the set has none of that name.</param>
internal readonly record struct KeySearch(TokenKeySet? Set, SecurityKey? Key);

/// <summary>Where the keys of one issuer come from. Each issuer has its own, so a key never vouches for another's tokens.</summary>
internal interface ITokenKeys
{
    /// <summary>The keys known now, without looking anywhere; another instance when they have changed.</summary>
    TokenKeySet? Current { get; }

    /// <summary>Looks for a key, asking the issuer for new ones where it is unknown and time to.</summary>
    ValueTask<KeySearch> FindAsync(string? kid, CancellationToken cancellationToken);
}
