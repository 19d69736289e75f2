using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ISessions" />
internal sealed class Sessions(Func<TeleFhirDb> context, TimeProvider clock) : ISessions
{
    private static readonly TimeSpan _idle = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan _absolute = TimeSpan.FromHours(12);
    private static readonly TimeSpan _noted = TimeSpan.FromMinutes(1);

    public async Task<Domain.Access.Session> StartAsync(UserAccount user, CancellationToken cancellationToken)
    {
        await using var db = context();
        var id = Secrets.New();
        var now = clock.GetUtcNow();
        var oldest = (now - _absolute).UtcTicks;
        await db.Sessions.Where(session => session.Started < oldest).ExecuteDeleteAsync(cancellationToken);
        db.Sessions.Add(new SessionRow { Hash = NameOf(id), UserId = user.Id, Started = now.UtcTicks, Seen = now.UtcTicks });
        await db.SaveChangesAsync(cancellationToken);
        return new(id, user, now);
    }

    public async Task<Domain.Access.Session?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = context();
        var name = NameOf(id);
        var found = await db.Sessions.AsNoTracking().Where(session => session.Hash == name)
            .Join(db.Users, session => session.UserId, user => user.Id, (session, user) => new { session, user })
            .FirstOrDefaultAsync(cancellationToken);
        var now = clock.GetUtcNow().UtcTicks;
        if (found is null || found.user.Disabled || !IsAlive(found.session, now))
        {
            return null;
        }

        if (now - found.session.Seen > _noted.Ticks)
        {
            await db.Sessions.Where(session => session.Hash == name)
                .ExecuteUpdateAsync(set => set.SetProperty(session => session.Seen, now), cancellationToken);
        }

        return new(id, UserDirectory.AccountOf(found.user), new DateTimeOffset(found.session.Started, TimeSpan.Zero));
    }

    public async Task EndAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = context();
        var name = NameOf(id);
        await db.Sessions.Where(session => session.Hash == name).ExecuteDeleteAsync(cancellationToken);
    }

    public string NameOf(string id) => Secrets.HashOf(id);

    public async Task<bool> IsAliveAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = context();
        return await db.Sessions.AsNoTracking().FirstOrDefaultAsync(session => session.Hash == name, cancellationToken) is { } row
            && IsAlive(row, clock.GetUtcNow().UtcTicks);
    }

    private static bool IsAlive(SessionRow session, long now) => now - session.Seen < _idle.Ticks && now - session.Started < _absolute.Ticks;
}
