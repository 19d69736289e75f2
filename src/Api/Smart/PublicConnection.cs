using System.Net;
using System.Net.Sockets;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Connects to public addresses only. Who registers an address chooses where this server connects to, so it must not lead inside
/// (server-side request forgery). The address that is checked is the one that is connected to: a second look-up could answer otherwise.
/// </summary>
internal sealed class PublicConnection(bool allowsLoopback)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        var allowed = Array.FindAll(addresses, IsAllowed);
        if (allowed.Length == 0)
        {
            throw new HttpRequestException($"{host} has no address that this server may connect to.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain) ? allowsLoopback : PublicAddress.Is(plain);
    }
}
