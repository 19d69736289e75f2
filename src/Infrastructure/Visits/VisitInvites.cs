using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="IVisitInvites" />
internal sealed class VisitInvites(Func<TeleFhirDb> open, TimeProvider clock) : IVisitInvites
{
    private const string Code = "invite";
    private const string Session = "guest";
    private static readonly TimeSpan _sessionLife = TimeSpan.FromDays(1);

    private long Now => clock.GetUtcNow().UtcTicks;

    public async Task<string> AddAsync(VisitInvite invite, CancellationToken cancellationToken)
    {
        var code = RoomSecret.New();
        await using var db = open();
        db.Add(new InviteRow
        {
            Hash = RoomSecret.HashOf(Code, code),
            Encounter = invite.Encounter,
            RelatedPerson = invite.RelatedPerson,
            Name = invite.Name,
            Expires = invite.Expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
        return code;
    }

    public async Task<(VisitInvite Invite, string Session)?> ExchangeAsync(string encounter, string code, CancellationToken cancellationToken)
    {
        var (hash, session, now) = (RoomSecret.HashOf(Code, code), RoomSecret.New(), Now);
        var sessionHash = RoomSecret.HashOf(Session, session);
        await using var db = open();
        var used = await db.Set<InviteRow>()
            .Where(row => row.Hash == hash && row.Encounter == encounter && row.Used == 0 && !row.IsRevoked && row.Expires > now)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Used, now).SetProperty(one => one.Session, sessionHash), cancellationToken);
        return used == 1 && await FindAsync(db, encounter, sessionHash, cancellationToken) is { } invite ? (invite, session) : null;
    }

    public async Task<VisitInvite?> ResumeAsync(string encounter, string session, CancellationToken cancellationToken)
    {
        await using var db = open();
        return RoomSecret.HashOf(Session, session) is { Length: > 0 } hash ? await FindAsync(db, encounter, hash, cancellationToken) : null;
    }

    public async Task<bool?> RevokeAsync(string encounter, string relatedPerson, CancellationToken cancellationToken)
    {
        await using var db = open();
        var invites = db.Set<InviteRow>().Where(row => row.Encounter == encounter && row.RelatedPerson == relatedPerson);

        // First it ends, then it is looked at: what is exchanged meanwhile is seen as such.
        return await invites.ExecuteUpdateAsync(row => row.SetProperty(one => one.IsRevoked, true), cancellationToken) == 0
            ? null
            : await invites.AnyAsync(row => row.Used != 0, cancellationToken);
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var before = Now - _sessionLife.Ticks;
        await using var db = open();
        await db.Set<InviteRow>().Where(row => row.Expires <= before && row.Used <= before).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task<VisitInvite?> FindAsync(DbContext db, string encounter, string session, CancellationToken cancellationToken)
    {
        var since = Now - _sessionLife.Ticks;
        var row = await db.Set<InviteRow>().AsNoTracking().SingleOrDefaultAsync(
            row => row.Session == session && row.Encounter == encounter && !row.IsRevoked && row.Used > since, cancellationToken);
        return row is null ? null : new VisitInvite(row.Encounter, row.RelatedPerson, row.Name, new DateTimeOffset(row.Expires, TimeSpan.Zero));
    }
}
