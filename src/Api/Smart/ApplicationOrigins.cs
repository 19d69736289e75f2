using System.Collections.Frozen;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>The origins of registered applications, in memory. One that is not known makes it look again, though not with every request.</summary>
internal sealed class ApplicationOrigins(IClients clients, TimeProvider clock)
{
    private static readonly TimeSpan _kept = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    private volatile Seen _seen = new(FrozenSet<string>.Empty, DateTimeOffset.MinValue);

    public async ValueTask<bool> ContainsAsync(string origin, CancellationToken cancellationToken)
    {
        var seen = _seen;
        var now = clock.GetUtcNow();
        if (now - seen.At > (seen.Origins.Contains(origin) ? _kept : _pause))
        {
            var all = await clients.ListAsync(cancellationToken);
            _seen = seen = new(
                all.SelectMany(client => client.RedirectUris).Select(address => new Uri(address).GetLeftPart(UriPartial.Authority)).ToFrozenSet(StringComparer.Ordinal),
                now);
        }

        return seen.Origins.Contains(origin);
    }

    private sealed record Seen(FrozenSet<string> Origins, DateTimeOffset At);
}
