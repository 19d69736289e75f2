using System.Collections.Frozen;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>The issuers whose tokens are taken, by the name that their tokens give. There are no others.</summary>
internal sealed class Issuers(
    TeleFhirOptions options, FhirAddress address, EmbeddedKeys embedded, IssuerClient client, TimeProvider clock, ILoggerFactory loggers)
    : IDisposable
{
    // Not made before the first token comes: the address of the server may be known only once it listens.
    private readonly Lazy<FrozenDictionary<string, Issuer>> _issuers = new(() =>
        All(options, address, embedded, client, clock, loggers.CreateLogger<Issuers>())
            .ToFrozenDictionary(issuer => issuer.Profile.Issuer, StringComparer.Ordinal));

    public string FhirBase => address.Base;

    public TimeSpan LongestTokenLife => options.Auth.LongestTokenLife;

    /// <summary>The one that apps are sent to.</summary>
    public Issuer? First => options.Auth.Issuers is [var first, ..] ? Find(first.Issuer ?? first.Authority) : null;

    public Issuer? Find(string? name) => name is not null && _issuers.Value.TryGetValue(name, out var issuer) ? issuer : null;

    public void Dispose()
    {
        if (_issuers.IsValueCreated)
        {
            foreach (var keys in _issuers.Value.Values.Select(issuer => issuer.Keys).OfType<IDisposable>())
            {
                keys.Dispose();
            }
        }
    }

    private static IEnumerable<Issuer> All(
        TeleFhirOptions options, FhirAddress address, EmbeddedKeys embedded, IssuerClient client, TimeProvider clock, ILogger logger)
    {
        if (options.Auth.Mode is "Embedded" or "Both")
        {
            yield return new Issuer(IssuerProfile.Embedded(embedded.Issuer, address.Base), embedded, null, clock);
        }

        if (options.Auth.Mode is "External" or "Both")
        {
            foreach (var profile in options.Auth.Issuers.Select(issuer => IssuerProfile.Of(issuer, address.Base)))
            {
                var keys = new RemoteKeys(profile, client, clock, logger);
                var introspection = profile.Revocation == RevocationMode.Introspection ? new Introspection(profile, keys, client, logger) : null;
                yield return new Issuer(profile, keys, introspection, clock);
            }
        }
    }
}
