using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="IVisitPresence" />
internal sealed class VisitPresence(Func<TeleFhirDb> open, TimeProvider clock) : IVisitPresence, IVisitAttendance
{
    private const short Lobby = (short)VisitRole.Lobby;
    private const short Guest = (short)VisitRole.Guest;

    private long Now => clock.GetUtcNow().UtcTicks;

    public async Task EnterAsync(Presence presence, CancellationToken cancellationToken)
    {
        await using var db = open();
        db.Add(new PresenceRow
        {
            Id = presence.Id,
            Encounter = presence.Member.Encounter,
            Participant = presence.Member.Participant,
            Name = presence.Member.Name,
            IsHost = presence.Member.IsHost,
            Role = (short)presence.Role,
            Node = presence.Node,
            Joined = presence.Joined.UtcTicks,
            Seen = Now,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task AdmitAsync(string encounter, CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Set<PresenceRow>().Where(row => row.Encounter == encounter && row.Left == 0 && row.Role == Lobby)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Role, Guest), cancellationToken);
    }

    public async Task<bool> LeaveAsync(string id, CancellationToken cancellationToken)
    {
        var now = Now;
        await using var db = open();
        return await db.Set<PresenceRow>().Where(row => row.Id == id && row.Left == 0)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Left, now), cancellationToken) == 1;
    }

    public async IAsyncEnumerable<VanishedPresence> VanishedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var alive = Now - IVisitPresence.Silence.Ticks;
        await using var db = open();
        var silent = await db.Set<PresenceRow>().Where(row => !row.IsSettled && row.Left == 0 && row.Seen <= alive)
            .Select(row => new VanishedPresence(row.Id, row.Encounter)).ToListAsync(cancellationToken);
        foreach (var one in silent)
        {
            // It ended when its node was heard of last. Whoever writes that ended it; the node may also be back by now.
            if (await db.Set<PresenceRow>().Where(row => row.Id == one.Id && row.Left == 0 && row.Seen <= alive)
                .ExecuteUpdateAsync(row => row.SetProperty(was => was.Left, was => was.Seen), cancellationToken) == 1)
            {
                yield return one;
            }
        }
    }

    public async Task<IReadOnlyList<Presence>> InAsync(string encounter, CancellationToken cancellationToken)
    {
        var alive = Now - IVisitPresence.Silence.Ticks;
        await using var db = open();
        var rows = await db.Set<PresenceRow>().AsNoTracking().Where(row => row.Encounter == encounter && row.Left == 0 && row.Seen > alive)
            .OrderBy(row => row.Joined).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new Presence(
            row.Id,
            new RoomMember(row.Encounter, row.Participant, row.Name, row.IsHost),
            (VisitRole)row.Role,
            row.Node,
            new DateTimeOffset(row.Joined, TimeSpan.Zero)))];
    }

    public async Task<Attendance> OfAsync(IReadOnlyCollection<string> encounterIds, CancellationToken cancellationToken)
    {
        await using var db = open();
        var came = await db.Set<PresenceRow>().Where(row => encounterIds.Contains(row.Encounter)).Select(row => row.IsHost).Distinct()
            .ToListAsync(cancellationToken);
        return new Attendance(came.Contains(false), came.Contains(true));
    }

    public async Task KeepAsync(string node, CancellationToken cancellationToken)
    {
        var now = Now;
        await using var db = open();
        await db.Set<PresenceRow>().Where(row => row.Node == node && row.Left == 0)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Seen, now), cancellationToken);
    }

    public async Task<IReadOnlyList<string>> AbandonedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var limit = before.UtcTicks;
        await using var db = open();
        return await db.Set<PresenceRow>().Where(row => !row.IsSettled)
            .GroupBy(row => row.Encounter)
            .Where(room => room.All(row => row.Left != 0 && row.Left <= limit))
            .Select(room => room.Key)
            .ToListAsync(cancellationToken);
    }

    public async Task SettleAsync(string encounter, CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Set<PresenceRow>().Where(row => row.Encounter == encounter && row.Left != 0)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.IsSettled, true), cancellationToken);
    }

    public async Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var limit = before.UtcTicks;
        await using var db = open();
        await db.Set<PresenceRow>().Where(row => row.IsSettled && row.Left != 0 && row.Left <= limit).ExecuteDeleteAsync(cancellationToken);
    }
}
