using Microsoft.IdentityModel.Tokens;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>The keys of the authorization server in this process, from its memory: a server that asks itself over HTTP cannot start.</summary>
/// <param name="address">Where this server is.</param>
/// <param name="published">The keys in use and those whose tokens still run; another collection when they change, preferably the same one when they do not.</param>
internal sealed class EmbeddedKeys(FhirAddress address, Func<IReadOnlyCollection<SecurityKey>> published) : ITokenKeys
{
    private volatile Snapshot? _snapshot;

    /// <summary>The issuer's name: <c>/auth</c> at the origin of the FHIR base, without a slash at its end.</summary>
    public string Issuer => new Uri(address.Base).GetLeftPart(UriPartial.Authority) + "/auth";

    public TokenKeySet Current
    {
        get
        {
            var keys = published();
            var snapshot = _snapshot;
            if (snapshot is null || !(ReferenceEquals(snapshot.Source, keys) || snapshot.Source.SequenceEqual(keys)))
            {
                _snapshot = snapshot = new Snapshot(keys, new TokenKeySet(keys));
            }

            return snapshot.Set;
        }
    }

    public ValueTask<KeySearch> FindAsync(string? kid, CancellationToken cancellationToken)
    {
        var set = Current;
        return new(new KeySearch(set, set.Find(kid)));
    }

    private sealed record Snapshot(IReadOnlyCollection<SecurityKey> Source, TokenKeySet Set);
}
