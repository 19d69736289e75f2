using System.Net;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Counts failures to sign in, by account and by address.</summary>
internal sealed class SignInLimits(SmartDb database, FailureCounts counts, SignInSettings settings, TimeProvider clock)
{
    private static readonly long _minute = TimeSpan.TicksPerMinute;

    /// <summary>Counts an attempt of an account as a failure, until it turns out to be none; false while the account is locked or disabled.</summary>
    public async Task<bool> TryAccountAsync(string normalName, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var first = settings.LockAfter;
        await using var db = database.Open();
        return await db.Set<UserAccountRow>().Where(row => row.NormalName == normalName && !row.Disabled && row.LockedUntil <= now)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(column => column.Failed, column => column.Failed + 1)
                    .SetProperty(
                        column => column.LockedUntil,
                        column => column.Failed + 1 < first ? 0
                            : now + (_minute * (column.Failed + 1 == first ? 1 : column.Failed == first ? 2 : column.Failed == first + 1 ? 4 : column.Failed == first + 2 ? 8 : 15))),
                cancellationToken) == 1;
    }

    /// <summary>The same for the second factor.</summary>
    public async Task<bool> TryFactorAsync(string userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var first = settings.LockAfter;
        await using var db = database.Open();
        return await db.Set<UserAccountRow>().Where(row => row.Id == userId && !row.Disabled && row.FactorLockedUntil <= now)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(column => column.FactorFailed, column => column.FactorFailed + 1)
                    .SetProperty(column => column.FactorLockedUntil, column => column.FactorFailed + 1 < first ? 0 : now + (_minute * 15)),
                cancellationToken) == 1;
    }

    /// <summary>Counts an attempt from an address as a failure, until it turns out to be none; false where there were too many.</summary>
    public async Task<bool> TryAddressAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        if (settings.AddressLimit is not { } limit || address is null)
        {
            return true;
        }

        return await counts.AddAsync(FailureCounts.NameOf(address), settings.AddressWindow, cancellationToken) <= limit;
    }

    /// <summary>
    /// Takes back the one that was counted for an attempt that succeeded; not the others, or an attacker would clear them with an
    /// account of their own.
    /// </summary>
    public async Task ForgiveAddressAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        if (settings.AddressLimit is null || address is null)
        {
            return;
        }

        await counts.TakeBackAsync(FailureCounts.NameOf(address), cancellationToken);
    }
}
