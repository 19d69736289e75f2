using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="IRoomMail" />
internal sealed class RoomMail(Func<TeleFhirDb> open, RoomBell bell, TimeProvider clock) : IRoomMail
{
    private static readonly TimeSpan _kept = TimeSpan.FromMinutes(1);

    public async Task PostAsync(IReadOnlyCollection<RoomLetter> letters, CancellationToken cancellationToken)
    {
        if (letters.Count == 0)
        {
            return;
        }

        var now = clock.GetUtcNow().UtcTicks;
        await using var db = open();
        db.AddRange(letters.Select(letter => new RoomLetterRow
        {
            Node = letter.Node,
            Encounter = letter.Encounter,
            Recipient = letter.To,
            Message = letter.Message,
            Content = letter.Content,
            Posted = now,
        }));
        await db.SaveChangesAsync(cancellationToken);
        foreach (var node in db.Database.IsNpgsql() ? letters.Select(letter => letter.Node).Distinct() : [])
        {
            await db.Database.ExecuteSqlRawAsync(RoomBell.Ring, [node], cancellationToken);
        }
    }

    public bool MayHaveCome(string node) => bell.HasRung(node);

    public async Task<IReadOnlyList<RoomLetter>> TakeAsync(string node, CancellationToken cancellationToken)
    {
        await using var db = open();
        var rows = await db.Set<RoomLetterRow>().AsNoTracking().Where(row => row.Node == node).OrderBy(row => row.Sequence).ToListAsync(cancellationToken);
        if (rows.Count > 0)
        {
            // These and no others: more may have come since.
            var taken = rows.Select(row => row.Sequence).ToList();
            await db.Set<RoomLetterRow>().Where(row => taken.Contains(row.Sequence)).ExecuteDeleteAsync(cancellationToken);
        }

        return [.. rows.Select(row => new RoomLetter(row.Node, row.Encounter, row.Recipient, row.Message, row.Content))];
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var before = (clock.GetUtcNow() - _kept).UtcTicks;
        await using var db = open();
        await db.Set<RoomLetterRow>().Where(row => row.Posted <= before).ExecuteDeleteAsync(cancellationToken);
    }
}
