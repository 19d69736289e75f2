using System.Net;
using System.Net.Sockets;

namespace TeleFhir.Domain.Access;

/// <summary>
/// Which addresses of the network are public. Whoever names an address for the server to connect to must not reach with it what is inside
/// (server-side request forgery).
/// </summary>
public static class PublicAddress
{
    /// <summary>
    /// Whether the operator vouches for an address: it begins with one of those that are allowed, in scheme, host, port and path
    /// (<c>Subscriptions:AllowedCallbacks</c>).
    /// </summary>
    public static bool IsAllowed(Uri address, IEnumerable<string> allowed)
    {
        ArgumentNullException.ThrowIfNull(address);
        return allowed.Any(text => Uri.TryCreate(text, UriKind.Absolute, out var start)
            && start.Scheme == address.Scheme
            && start.Authority.Equals(address.Authority, StringComparison.OrdinalIgnoreCase)
            && address.AbsolutePath.StartsWith(start.AbsolutePath, StringComparison.Ordinal));
    }

    /// <summary>Whether it is public: not of this machine, of a private or local network, nor of a range that leads elsewhere than it says.</summary>
    public static bool Is(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? bytes switch
            {
                [0 or 10 or 127, ..] or [>= 224, ..] => false,
                [100, >= 64 and < 128, ..] or [169, 254, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] => false,
                [192, 0, 0 or 2, _] or [198, 18 or 19, ..] or [198, 51, 100, _] or [203, 0, 113, _] => false,
                _ => true,
            }

            // Global unicast is 2000::/3; of it, tunnels (6to4, Teredo) and documentation lead elsewhere than they say.
            : (bytes[0] & 0xE0) == 0x20 && bytes is not ([0x20, 0x02, ..] or [0x20, 0x01, 0x00, 0x00, ..] or [0x20, 0x01, 0x0D, 0xB8, ..]);
    }
}
