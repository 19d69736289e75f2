using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="IJoinTokens" />
internal sealed class JoinTokens(Func<TeleFhirDb> open, TimeProvider clock) : IJoinTokens
{
    private const string Kind = "join";

    private long Now => clock.GetUtcNow().UtcTicks;

    public async Task<string> MintAsync(RoomMember member, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        var token = RoomSecret.New();
        await using var db = open();
        db.Add(new JoinTokenRow
        {
            Hash = RoomSecret.HashOf(Kind, token),
            Encounter = member.Encounter,
            Participant = member.Participant,
            Name = member.Name,
            IsHost = member.IsHost,
            Expires = expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
        return token;
    }

    public async Task<RoomMember?> FindAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = open();
        return await Live(db, RoomSecret.HashOf(Kind, token)).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } row ? Read(row) : null;
    }

    public async Task<RoomMember?> RedeemAsync(string token, CancellationToken cancellationToken)
    {
        var (hash, now) = (RoomSecret.HashOf(Kind, token), Now);
        await using var db = open();

        // Whoever changes the row has it, whatever was read before.
        var used = await Live(db, hash).ExecuteUpdateAsync(row => row.SetProperty(one => one.Used, now), cancellationToken);
        return used == 1 && await db.Set<JoinTokenRow>().AsNoTracking().SingleOrDefaultAsync(row => row.Hash == hash, cancellationToken) is { } mine
            ? Read(mine)
            : null;
    }

    public async Task SpoilAsync(string encounter, string? participant, CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Set<JoinTokenRow>()
            .Where(row => row.Encounter == encounter && row.Used == 0 && (participant == null || row.Participant == participant))
            .ExecuteDeleteAsync(cancellationToken);
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = Now;
        await using var db = open();
        await db.Set<JoinTokenRow>().Where(row => row.Expires <= now).ExecuteDeleteAsync(cancellationToken);
    }

    private IQueryable<JoinTokenRow> Live(DbContext db, string hash)
    {
        var now = Now;
        return db.Set<JoinTokenRow>().Where(row => row.Hash == hash && row.Used == 0 && row.Expires > now);
    }

    private static RoomMember Read(JoinTokenRow row) => new(row.Encounter, row.Participant, row.Name, row.IsHost);
}
