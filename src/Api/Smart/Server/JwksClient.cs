using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// Fetches the key sets that clients publish. The address comes from whoever registers, so the request goes to public addresses only, follows
/// no redirects, and ends after seconds and kilobytes; in Development this machine is allowed too.
/// </summary>
internal sealed class JwksClient(IHttpClientFactory clients, IHostEnvironment environment, TimeProvider clock)
{
    public const string Name = "client-jwks";

    private const int MostBytes = 64 * 1024;
    private const int MostKnown = 10_000;
    private static readonly TimeSpan _longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (JsonWebKeySet Set, DateTimeOffset Until, DateTimeOffset Asked)> _known = new();

    /// <summary>The key set at an address, fresh where it has run out or lacks the key; null where it cannot be had.</summary>
    public async Task<JsonWebKeySet?> FindAsync(string address, string kid, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(address, out var known)
            && (now - known.Asked < _patience || (now < known.Until && known.Set.Keys.Any(key => key.KeyId == kid))))
        {
            return known.Set;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var response = await clients.CreateClient(Name).SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            var set = JsonWebKeySet.Create(await response.Content.ReadAsStringAsync(cancellationToken));
            var control = response.Headers.CacheControl;
            var life = control is { NoStore: true } ? TimeSpan.Zero : control?.MaxAge ?? TimeSpan.FromMinutes(5);
            if (_known.Count < MostKnown)
            {
                _known[address] = (set, now + (life < _longest ? life : _longest), now);
            }

            return set;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or ArgumentException or UriFormatException
            && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public static void AddTo(IServiceCollection services) => services.AddHttpClient(Name, client =>
        {
            client.Timeout = TimeSpan.FromSeconds(5);
            client.MaxResponseContentBufferSize = MostBytes;
        }).ConfigurePrimaryHttpMessageHandler(provider => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectCallback = provider.GetRequiredService<JwksClient>().ConnectAsync,
        });

    /// <summary>Looks at the address that is really connected to, after the name was resolved.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var address = Array.Find(addresses, IsAllowed) ?? throw new HttpRequestException("The address is not public.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(plain))
        {
            return environment.IsDevelopment();
        }

        if (plain.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return !plain.IsIPv6LinkLocal && !plain.IsIPv6SiteLocal && !plain.IsIPv6UniqueLocal && !plain.IsIPv6Multicast && !plain.Equals(IPAddress.IPv6Any);
        }

        var bytes = plain.GetAddressBytes();
        return bytes switch
        {
            [0 or 10 or 127, ..] or [169, 254, ..] or [192, 168, ..] or [192, 0, 0, _] or [>= 224, ..] => false,
            [172, >= 16 and <= 31, ..] or [100, >= 64 and <= 127, ..] or [198, 18 or 19, ..] => false,
            _ => true,
        };
    }
}
