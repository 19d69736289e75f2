using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Scheduling;

/// <inheritdoc cref="IReminders" />
internal sealed class Reminders(Func<TeleFhirDb> open, TimeProvider clock) : IReminders
{
    private const short Waiting = (short)ReminderState.Waiting;

    // Enough that servers which look at the same time do not all want the same one.
    private const int Candidates = 16;

    private static readonly TimeSpan _kept = TimeSpan.FromDays(30);

    public async Task<TakenReminder?> TakeAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (ticks, until) = (now.UtcTicks, now + lease);
        await using var db = open();
        var due = await db.Set<ReminderRow>().AsNoTracking()
            .Where(row => row.State == Waiting && row.Next <= ticks)
            .OrderBy(row => row.Next)
            .Take(Candidates)
            .ToArrayAsync(cancellationToken);
        Random.Shared.Shuffle(due);
        foreach (var row in due)
        {
            var (id, next, end) = (row.Id, row.Next, until.UtcTicks);
            var taken = await db.Set<ReminderRow>().Where(one => one.Id == id && one.State == Waiting && one.Next == next).ExecuteUpdateAsync(
                set => set.SetProperty(one => one.Next, end).SetProperty(one => one.Attempts, one => one.Attempts + 1), cancellationToken);
            if (taken == 1)
            {
                return new TakenReminder(row.ToReminder(), row.Attempts + 1, until);
            }
        }

        return null;
    }

    public Task FinishAsync(TakenReminder taken, ReminderState state, string note, CancellationToken cancellationToken) =>
        SetAsync(taken, state, clock.GetUtcNow(), note, cancellationToken);

    public Task PostponeAsync(TakenReminder taken, DateTimeOffset until, string note, CancellationToken cancellationToken) =>
        SetAsync(taken, ReminderState.Waiting, until, note, cancellationToken);

    public async Task<IReadOnlyList<(Reminder Reminder, ReminderState State, int Attempts, string Note)>> OfAsync(
        string appointmentId, CancellationToken cancellationToken)
    {
        await using var db = open();
        var rows = await db.Set<ReminderRow>().AsNoTracking().Where(row => row.Appointment == appointmentId).ToListAsync(cancellationToken);
        return [.. rows.OrderBy(row => row.Start - row.Before).Select(row => (row.ToReminder(), (ReminderState)row.State, row.Attempts, row.Note))];
    }

    /// <summary>Removes what was settled long ago.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        var limit = (clock.GetUtcNow() - _kept).UtcTicks;
        await db.Set<ReminderRow>().Where(row => row.State != Waiting && row.Next <= limit).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task SetAsync(TakenReminder taken, ReminderState state, DateTimeOffset next, string note, CancellationToken cancellationToken)
    {
        await using var db = open();
        var (id, lease, ticks, number) = (taken.Reminder.Id, taken.Until.UtcTicks, next.UtcTicks, (short)state);
        await db.Set<ReminderRow>().Where(row => row.Id == id && row.State == Waiting && row.Next == lease).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.State, number).SetProperty(row => row.Next, ticks).SetProperty(row => row.Note, note), cancellationToken);
    }
}
