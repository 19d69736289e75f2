using System.Net;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IClientFailures" />
internal sealed class ClientFailures(FailureCounts counts, TimeProvider clock) : IClientFailures
{
    private const int OfAddress = 10;
    private const int OfAddressUnderAttack = 1;
    private const int OfClient = 100;
    private static readonly TimeSpan _addressWindow = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan _clientWindow = TimeSpan.FromHours(1);

    public async Task<ClientStanding> FindAsync(string clientId, IPAddress? address, CancellationToken cancellationToken)
    {
        var (own, all) = NamesOf(clientId, address);
        var found = await counts.FindAsync([own, all], cancellationToken);
        if (!found.TryGetValue(own, out var failed))
        {
            return default;
        }

        var most = found.GetValueOrDefault(all).Failed >= OfClient ? OfAddressUnderAttack : OfAddress;
        return new ClientStanding(true, failed.Failed >= most ? new TimeSpan(failed.Expires - clock.GetUtcNow().UtcTicks) : null);
    }

    public async Task<ClientFailure> CountAsync(string clientId, IPAddress? address, CancellationToken cancellationToken)
    {
        var (own, all) = NamesOf(clientId, address);
        var ofAddress = await counts.AddAsync(own, _addressWindow, cancellationToken);
        return await counts.AddAsync(all, _clientWindow, cancellationToken) == OfClient ? ClientFailure.ClientUnderAttack
            : ofAddress == OfAddress ? ClientFailure.AddressTurnedAway
            : ClientFailure.Counted;
    }

    public Task ForgiveAsync(string clientId, IPAddress? address, CancellationToken cancellationToken) =>
        counts.RemoveAsync(NamesOf(clientId, address).Own, cancellationToken);

    // Hashed, since a stranger may call itself anything at any length.
    private static (string Own, string All) NamesOf(string clientId, IPAddress? address)
    {
        var all = $"client {SmartHash.Of(clientId)}";
        return ($"{all} {(address is null ? "" : FailureCounts.NameOf(address))}", all);
    }
}
