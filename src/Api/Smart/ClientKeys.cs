using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// The public keys of clients: as registered, or from the client's address for as long as its answer may be kept. A name that is not
/// among them makes it ask again, though not more often than every few seconds.
/// </summary>
internal sealed class ClientKeys(IHttpClientFactory http, TimeProvider clock, ILogger<ClientKeys> logger)
{
    private const string Http = "client-keys";
    private const int MostBytes = 64 * 1024;
    private const int LeastRsaBits = 2048;
    private static readonly TimeSpan _usual = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Fetched> _fetched = new(StringComparer.Ordinal);

    public static void AddTo(IServiceCollection services)
    {
        services.AddHttpClient(Http, client =>
        {
            client.Timeout = TimeSpan.FromSeconds(5);
            client.MaxResponseContentBufferSize = MostBytes;
        }).ConfigurePrimaryHttpMessageHandler(provider => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = new PublicConnection(provider.GetRequiredService<ClientRules>().AllowsLoopback).ConnectAsync,
        });
        services.AddSingleton<ClientKeys>();
    }

    /// <summary>The key of this name, or null where the client has none that is good enough.</summary>
    public async Task<SecurityKey?> FindAsync(ClientRegistration client, string kid, CancellationToken cancellationToken)
    {
        if (client.JwksUri is not { } address)
        {
            return Find(Parse(client.Jwks ?? """{"keys":[]}"""), kid);
        }

        var now = clock.GetUtcNow();
        if (_fetched.TryGetValue(address, out var known) && now < known.Until
            && (Find(known.Keys, kid) is not null || now < known.At + _pause))
        {
            return Find(known.Keys, kid);
        }

        if (await FetchAsync(address, now, cancellationToken) is not { } fetched)
        {
            return null;
        }

        _fetched[address] = fetched;
        return Find(fetched.Keys, kid);
    }

    private async Task<Fetched?> FetchAsync(string address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            using var client = http.CreateClient(Http);
            using var response = await client.GetAsync(address, cancellationToken);
            response.EnsureSuccessStatusCode();
            var keys = Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            return new Fetched(keys, now, now + Life(response.Headers.CacheControl));
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or ArgumentException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning("The keys of a client could not be read from {Address}: {Reason}", address, failed.Message);
            return null;
        }
    }

    private static TimeSpan Life(CacheControlHeaderValue? cache) => cache switch
    {
        { NoStore: true } or { NoCache: true } => TimeSpan.Zero,
        { MaxAge: { } age } => age < _longest ? age : _longest,
        _ => _usual,
    };

    private static ImmutableArray<SecurityKey> Parse(string jwks) =>
        [.. new JsonWebKeySet(jwks) { SkipUnresolvedJsonWebKeys = true }.GetSigningKeys().Where(IsGood)];

    private static bool IsGood(SecurityKey key) => key switch
    {
        RsaSecurityKey rsa => rsa.KeySize >= LeastRsaBits,
        ECDsaSecurityKey => true,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA } rsa => rsa.KeySize >= LeastRsaBits,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve } => true,
        _ => false,
    };

    private static SecurityKey? Find(ImmutableArray<SecurityKey> keys, string kid) => keys.FirstOrDefault(key => key.KeyId == kid);

    private sealed record Fetched(ImmutableArray<SecurityKey> Keys, DateTimeOffset At, DateTimeOffset Until);
}
