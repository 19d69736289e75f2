using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Async;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Async;

/// <summary>A request that is answered later; times are ticks in UTC.</summary>
internal sealed class AsyncRequestRow
{
    public string Id { get; set; } = "";

    public string Owner { get; set; } = "";

    public short State { get; set; }

    public string Head { get; set; } = "";

    public byte[] Body { get; set; } = [];

    public bool Repeatable { get; set; }

    public long Accepted { get; set; }

    public int Attempt { get; set; }

    /// <summary>Until when a run holds it, or its answer is kept.</summary>
    public long Until { get; set; }

    public string AnswerHead { get; set; } = "";

    public byte[] AnswerBody { get; set; } = [];
}

/// <inheritdoc cref="IAsyncRequests" />
internal sealed class AsyncRequests(Func<TeleFhirDb> open, TimeProvider clock) : IAsyncRequests
{
    private const short Waiting = (short)AsyncState.Waiting;
    private const short Running = (short)AsyncState.Running;
    private const short Done = (short)AsyncState.Done;

    private long Now => clock.GetUtcNow().UtcTicks;

    public async Task<bool> TryAcceptAsync(AsyncRequest request, int most, CancellationToken cancellationToken)
    {
        await using var db = open();
        if (await db.AsyncRequests.CountAsync(row => row.Owner == request.Owner && row.State != Done, cancellationToken) >= most)
        {
            return false;
        }

        db.Add(new AsyncRequestRow
        {
            Id = request.Id,
            Owner = request.Owner,
            Head = request.Head,
            Body = request.Body.ToArray(),
            Repeatable = request.IsRepeatable,
            Accepted = request.Accepted.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    public async Task<AsyncStatus?> FindAsync(string id, string owner, CancellationToken cancellationToken)
    {
        await using var db = open();
        var found = await db.AsyncRequests.Where(row => row.Id == id && row.Owner == owner)
            .Select(row => new { row.State, row.Until, row.AnswerHead, row.AnswerBody }).SingleOrDefaultAsync(cancellationToken);
        return found switch
        {
            null => null,
            { State: Done } when found.Until <= Now => null,
            { State: Done } => new(AsyncState.Done, new(found.AnswerHead, found.AnswerBody), new DateTimeOffset(found.Until, TimeSpan.Zero)),
            _ => new((AsyncState)found.State, null, null),
        };
    }

    public async Task<bool> RemoveAsync(string id, string owner, CancellationToken cancellationToken)
    {
        await using var db = open();
        return await db.AsyncRequests.Where(row => row.Id == id && row.Owner == owner).ExecuteDeleteAsync(cancellationToken) == 1;
    }

    public async Task<AsyncRun?> TakeAsync(TimeSpan hold, CancellationToken cancellationToken)
    {
        await using var db = open();
        while (true)
        {
            var now = Now;
            var next = await db.AsyncRequests.Where(row => row.State == Waiting || (row.State == Running && row.Until <= now))
                .OrderBy(row => row.Accepted).Select(row => new { row.Id, row.Attempt }).FirstOrDefaultAsync(cancellationToken);
            if (next is null)
            {
                return null;
            }

            // Of several servers that saw the same one, the first to count it up has it.
            var taken = await db.AsyncRequests.Where(row => row.Id == next.Id && row.Attempt == next.Attempt && row.State != Done)
                .ExecuteUpdateAsync(
                    row => row.SetProperty(one => one.State, Running).SetProperty(one => one.Attempt, next.Attempt + 1)
                        .SetProperty(one => one.Until, now + hold.Ticks),
                    cancellationToken);
            var row = taken == 1 ? await db.AsyncRequests.AsNoTracking().SingleOrDefaultAsync(one => one.Id == next.Id, cancellationToken) : null;
            if (row is not null)
            {
                return new AsyncRun(
                    new AsyncRequest(row.Id, row.Owner, row.Head, row.Body, row.Repeatable, new DateTimeOffset(row.Accepted, TimeSpan.Zero)), row.Attempt);
            }
        }
    }

    public async Task<bool> HoldAsync(AsyncRun run, TimeSpan hold, CancellationToken cancellationToken)
    {
        await using var db = open();
        var until = Now + hold.Ticks;
        return await Held(db, run).ExecuteUpdateAsync(row => row.SetProperty(one => one.Until, until), cancellationToken) == 1;
    }

    public async Task<bool> FinishAsync(AsyncRun run, AsyncAnswer answer, TimeSpan kept, CancellationToken cancellationToken)
    {
        await using var db = open();
        var until = Now + kept.Ticks;
        var body = answer.Body.ToArray();
        return await Held(db, run).ExecuteUpdateAsync(
            row => row.SetProperty(one => one.State, Done).SetProperty(one => one.Until, until).SetProperty(one => one.Body, Array.Empty<byte>())
                .SetProperty(one => one.AnswerHead, answer.Head).SetProperty(one => one.AnswerBody, body),
            cancellationToken) == 1;
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        var now = Now;
        await db.AsyncRequests.Where(row => row.State == Done && row.Until <= now).ExecuteDeleteAsync(cancellationToken);
    }

    private static IQueryable<AsyncRequestRow> Held(TeleFhirDb db, AsyncRun run) =>
        db.AsyncRequests.Where(row => row.Id == run.Request.Id && row.Attempt == run.Attempt && row.State == Running);
}
