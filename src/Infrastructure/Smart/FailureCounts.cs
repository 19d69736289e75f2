using System.Net;
using Microsoft.EntityFrameworkCore;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Counts failures under a name until they run out, in the database, so that nodes count together and a restart forgets nothing.</summary>
internal sealed class FailureCounts(SmartDb database, TimeProvider clock)
{
    /// <summary>Counts one more; how many there are now. The window starts with the first.</summary>
    public async Task<int> AddAsync(string name, TimeSpan window, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var until = now + window.Ticks;
        await using var db = database.Open();

        // Only counting makes the table grow, so counting is when it is tidied.
        await db.Set<SignInAddressRow>().Where(row => row.Expires <= now).ExecuteDeleteAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO sign_in_address (address, failed, expires) VALUES ({name}, 1, {until}) ON CONFLICT (address) DO UPDATE SET failed = sign_in_address.failed + 1",
            cancellationToken);
        return await db.Set<SignInAddressRow>().Where(row => row.Address == name).Select(row => row.Failed).FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>What is counted under these names.</summary>
    public async Task<IReadOnlyDictionary<string, (int Failed, long Expires)>> FindAsync(string[] names, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        await using var db = database.Open();
        var found = await db.Set<SignInAddressRow>().AsNoTracking().Where(row => names.Contains(row.Address) && row.Expires > now).ToListAsync(cancellationToken);
        return found.ToDictionary(row => row.Address, row => (row.Failed, row.Expires), StringComparer.Ordinal);
    }

    /// <summary>Takes back one.</summary>
    public async Task TakeBackAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<SignInAddressRow>().Where(row => row.Address == name && row.Failed > 0)
            .ExecuteUpdateAsync(row => row.SetProperty(column => column.Failed, column => column.Failed - 1), cancellationToken);
    }

    /// <summary>Forgets all under a name.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<SignInAddressRow>().Where(row => row.Address == name).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>What an address counts as: whoever has one IPv6 address has at least the 2^64 of its network.</summary>
    public static string NameOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
        {
            return address.MapToIPv4().ToString();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
