using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ISessions" />
internal sealed class Sessions(SmartDb database, SignInSettings settings, TimeProvider clock) : ISessions
{
    private const int IdBytes = 32;

    // A write for every page would be much for little: to the minute is exact enough.
    private static readonly TimeSpan _grain = TimeSpan.FromMinutes(1);

    public async Task<string> StartAsync(string userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
        await using var db = database.Open();

        // Only starting makes the table grow, so starting is when it is tidied.
        await db.Set<UserSessionRow>().Where(row => row.Expires <= now.UtcTicks).ExecuteDeleteAsync(cancellationToken);
        db.Add(new UserSessionRow { Id = id, UserId = userId, Used = now.UtcTicks, Expires = (now + settings.SessionLimit).UtcTicks });
        await db.SaveChangesAsync(cancellationToken);
        return id;
    }

    public async Task<bool> IsAliveAsync(string sessionId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        await using var db = database.Open();
        return await db.Set<UserSessionRow>().AnyAsync(row => row.Id == sessionId && row.Expires > now, cancellationToken);
    }

    public async Task<UserAccount?> UseAsync(string sessionId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var idle = (now - settings.IdleLimit).UtcTicks;
        await using var db = database.Open();
        var found = await (
            from session in db.Set<UserSessionRow>()
            where session.Id == sessionId && session.Expires > now.UtcTicks && session.Used > idle
            join account in db.Set<UserAccountRow>() on session.UserId equals account.Id
            where !account.Disabled
            select new { session.Used, Account = account }).AsNoTracking().FirstOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return null;
        }

        if (found.Used <= (now - _grain).UtcTicks)
        {
            await db.Set<UserSessionRow>().Where(row => row.Id == sessionId)
                .ExecuteUpdateAsync(row => row.SetProperty(column => column.Used, now.UtcTicks), cancellationToken);
        }

        return UserAccounts.Read(found.Account);
    }

    public async Task EndAsync(string sessionId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<UserSessionRow>().Where(row => row.Id == sessionId).ExecuteDeleteAsync(cancellationToken);
    }

    public async Task EndAllAsync(string userId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<UserSessionRow>().Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
    }
}
