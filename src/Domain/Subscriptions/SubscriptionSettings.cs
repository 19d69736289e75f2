using System.Collections.Immutable;
using System.Net;
using System.Text;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>Settings of subscriptions.</summary>
/// <param name="Canonicals">Where this server's topics and extensions are named.</param>
/// <param name="FhirBase">The address of the server as its clients see it.</param>
public sealed record SubscriptionSettings(Canonicals Canonicals, string FhirBase)
{
    /// <summary>Beginnings of addresses that need be neither https nor public.</summary>
    public ImmutableArray<string> AllowedCallbacks { get; init; } = [];

    /// <summary>For so long a delivery that fails is tried again, before the subscription is in error.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(3);

    /// <summary>For so long a handshake that fails is tried again.</summary>
    public TimeSpan HandshakeFor { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>For so long events are kept.</summary>
    public TimeSpan EventsKept { get; init; } = TimeSpan.FromDays(14);

    /// <summary>So many that are not off a user has through one client; a client of its own, which asks for many, has ten times that.</summary>
    public int MostPerSubscriber { get; init; } = 100;

    /// <summary>Whether this server can send e-mail.</summary>
    public bool SendsMail { get; init; }

    /// <summary>How many that are not off somebody has at the most.</summary>
    public int MostOf(Caller caller) => caller.UserId is null ? MostPerSubscriber * 10 : MostPerSubscriber;

    /// <summary>Whether the operator vouches for an address.</summary>
    public bool Allows(Uri address) => PublicAddress.IsAllowed(address, AllowedCallbacks);

    /// <summary>
    /// What is wrong with an address for callbacks; null where nothing is. What a name leads to is looked at when it is connected to, every
    /// time, so this is for what can be said at once.
    /// </summary>
    public string? FaultOf(string? endpoint)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http") || address.Host.Length == 0)
        {
            return "must be an absolute https address";
        }

        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            return "must have neither a user nor a fragment";
        }

        if (Allows(address))
        {
            return null;
        }

        return address.Scheme != "https" ? "must be an https address"
            : IsInside(address) ? "must be a public address"
            : null;
    }

    private static bool IsInside(Uri address)
    {
        var host = address.IdnHost.TrimEnd('.');
        if (address.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            return !IPAddress.TryParse(host.Trim('[', ']'), out var number) || !PublicAddress.Is(number);
        }

        // Names without a dot and of these zones are known inside alone. A name that some resolver would take for a number is none.
        return !host.Contains('.', StringComparison.Ordinal)
            || !Ascii.IsValid(host)
            || char.IsAsciiDigit(host[^1])
            || Array.Exists((string[])[".localhost", ".local", ".internal", ".localdomain", ".lan", ".home.arpa"], zone => host.EndsWith(zone, StringComparison.OrdinalIgnoreCase));
    }
}
