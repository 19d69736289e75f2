using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <inheritdoc cref="ISubscriptions" />
internal sealed class Subscriptions(Func<TeleFhirDb> open, SubscriptionSettings settings, TimeProvider clock) : ISubscriptions
{
    private const string Binding = "subscription";
    private const int LongestNote = 500;
    private const short Requested = (short)SubscriptionState.Requested;
    private const short Active = (short)SubscriptionState.Active;
    private const short Off = (short)SubscriptionState.Off;
    private const short Websocket = (short)SubscriptionChannel.Websocket;

    private long Now => clock.GetUtcNow().UtcTicks;

    public async Task<ImmutableArray<string>> DueAsync(CancellationToken cancellationToken)
    {
        var now = Now;
        await using var db = open();
        var due = from subscription in db.Set<SubscriptionRow>()
                  join delivery in db.Set<SubscriptionDeliveryRow>() on subscription.Id equals delivery.Id
                  join one in db.Set<SubscriptionFeedRow>() on subscription.Id equals one.Id into feeds
                  from feed in feeds.DefaultIfEmpty()
                  where delivery.Lease <= now && subscription.Status != Off
                  where (subscription.Ends != 0 && subscription.Ends <= now)
                      || (subscription.Status == Requested && (delivery.Asked != subscription.Asked || delivery.Next <= now))
                      || (subscription.Status == Active && subscription.Channel != Websocket && delivery.Next <= now
                          && ((feed != null && feed.Last > delivery.Delivered)
                              || (subscription.Heartbeat > 0 && delivery.Sent + (subscription.Heartbeat * TimeSpan.TicksPerSecond) <= now)))
                  select subscription.Id;
        return [.. await due.ToListAsync(cancellationToken)];
    }

    public async Task<TakenSubscription?> TakeAsync(string id, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (ticks, until) = (now.UtcTicks, now + lease);
        await using var db = open();
        var taken = await db.Set<SubscriptionDeliveryRow>().Where(row => row.Id == id && row.Lease <= ticks)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Lease, until.UtcTicks), cancellationToken);
        if (taken == 0)
        {
            return null;
        }

        // What is read now is what the one before left, for nobody else writes while the lease runs.
        var found = await ReadAsync(db, db.Set<SubscriptionRow>().Where(row => row.Id == id), cancellationToken);
        return found.IsEmpty ? null : new TakenSubscription(found[0], until);
    }

    public async Task<TakenSubscription?> ProlongAsync(TakenSubscription taken, TimeSpan lease, CancellationToken cancellationToken)
    {
        var until = clock.GetUtcNow() + lease;
        await using var db = open();
        return await Mine(db, taken).ExecuteUpdateAsync(set => set.SetProperty(row => row.Lease, until.UtcTicks), cancellationToken) == 0
            ? null
            : taken with { Until = until };
    }

    public async Task SentAsync(TakenSubscription taken, long delivered, CancellationToken cancellationToken)
    {
        var (now, asked) = (Now, taken.Record.Asked);
        await using var db = open();
        await Mine(db, taken).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Delivered, delivered).SetProperty(row => row.Sent, now).SetProperty(row => row.Asked, asked)
                .SetProperty(row => row.Failures, 0).SetProperty(row => row.Failing, 0L).SetProperty(row => row.Next, 0L).SetProperty(row => row.Note, ""),
            cancellationToken);
    }

    public async Task FailedAsync(TakenSubscription taken, DateTimeOffset failing, DateTimeOffset next, string note, CancellationToken cancellationToken)
    {
        var (asked, failures) = (taken.Record.Asked, taken.Record.Failures + 1);
        var (first, then) = (failing.UtcTicks, next.UtcTicks);
        var text = note.Length > LongestNote ? note[..LongestNote] : note;
        await using var db = open();
        await Mine(db, taken).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Asked, asked).SetProperty(row => row.Failures, failures).SetProperty(row => row.Failing, first)
                .SetProperty(row => row.Next, then).SetProperty(row => row.Note, text).SetProperty(row => row.Lease, 0L),
            cancellationToken);
    }

    public async Task ReleaseAsync(TakenSubscription taken, CancellationToken cancellationToken)
    {
        await using var db = open();
        await Mine(db, taken).ExecuteUpdateAsync(set => set.SetProperty(row => row.Lease, 0L), cancellationToken);
    }

    public async Task<ImmutableArray<SubscriptionRecord>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        await using var db = open();
        return await ReadAsync(db, db.Set<SubscriptionRow>().Where(row => ids.Contains(row.Id)), cancellationToken);
    }

    public async Task<ImmutableArray<SubscriptionRecord>> LiveAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        return await ReadAsync(db, db.Set<SubscriptionRow>().Where(row => row.Status != Off), cancellationToken);
    }

    public async Task<ImmutableArray<SubscriptionEvent>> EventsAsync(string id, long from, long until, int most, CancellationToken cancellationToken)
    {
        await using var db = open();
        var rows = await db.Set<SubscriptionEventRow>().AsNoTracking().Where(row => row.Id == id && row.Number >= from && row.Number <= until)
            .OrderBy(row => row.Number).Take(most).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new SubscriptionEvent(
            row.Number,
            ResourceKey.TryParse(row.Focus, out var focus) ? focus : throw new InvalidDataException($"An event is about {row.Focus}."),
            Time(row.Happened)))];
    }

    public async Task<string> MintAsync(IReadOnlyCollection<string> ids, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        var secret = RoomSecret.New();
        await using var db = open();
        db.Add(new SubscriptionBindingRow { Hash = RoomSecret.HashOf(Binding, secret), Subscriptions = string.Join(' ', ids), Expires = expires.UtcTicks });
        await db.SaveChangesAsync(cancellationToken);
        return secret;
    }

    public async Task<ImmutableArray<string>> RedeemAsync(string binding, CancellationToken cancellationToken)
    {
        var (hash, now) = (RoomSecret.HashOf(Binding, binding), Now);
        await using var db = open();
        var row = await db.Set<SubscriptionBindingRow>().AsNoTracking().SingleOrDefaultAsync(one => one.Hash == hash && one.Expires > now, cancellationToken);

        // Whoever removes it has it, whatever was read before.
        return row is not null && await db.Set<SubscriptionBindingRow>().Where(one => one.Hash == hash).ExecuteDeleteAsync(cancellationToken) == 1
            ? [.. row.Subscriptions.Split(' ')]
            : [];
    }

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = Now;
        var limit = now - settings.EventsKept.Ticks;
        await using var db = open();
        await db.Set<SubscriptionBindingRow>().Where(row => row.Expires <= now).ExecuteDeleteAsync(cancellationToken);
        await db.Set<SubscriptionEventRow>().Where(row => row.Happened <= limit || !db.Set<SubscriptionRow>().Any(one => one.Id == row.Id))
            .ExecuteDeleteAsync(cancellationToken);
        await db.Set<SubscriptionFeedRow>().Where(row => !db.Set<SubscriptionRow>().Any(one => one.Id == row.Id)).ExecuteDeleteAsync(cancellationToken);
        await db.Set<SubscriptionDeliveryRow>().Where(row => !db.Set<SubscriptionRow>().Any(one => one.Id == row.Id)).ExecuteDeleteAsync(cancellationToken);
    }

    private static IQueryable<SubscriptionDeliveryRow> Mine(TeleFhirDb db, TakenSubscription taken)
    {
        var (id, until) = (taken.Record.Id, taken.Until.UtcTicks);
        return db.Set<SubscriptionDeliveryRow>().Where(row => row.Id == id && row.Lease == until);
    }

    private static async Task<ImmutableArray<SubscriptionRecord>> ReadAsync(TeleFhirDb db, IQueryable<SubscriptionRow> rows, CancellationToken cancellationToken)
    {
        var found = await (from subscription in rows
                           join delivery in db.Set<SubscriptionDeliveryRow>() on subscription.Id equals delivery.Id
                           join one in db.Set<SubscriptionFeedRow>() on subscription.Id equals one.Id into feeds
                           from feed in feeds.DefaultIfEmpty()
                           orderby subscription.Id
                           select new { subscription, delivery, Last = feed == null ? 0 : feed.Last }).AsNoTracking().ToListAsync(cancellationToken);
        return [.. found.Select(row => Read(row.subscription, row.delivery, row.Last))];
    }

    private static SubscriptionRecord Read(SubscriptionRow subscription, SubscriptionDeliveryRow delivery, long last)
    {
        // Failures of before it was asked for anew do not count.
        var isCounted = delivery.Asked == subscription.Asked;
        return new SubscriptionRecord(
            subscription.Id, (SubscriptionState)subscription.Status, SubscriptionPlan.Read(subscription.Plan), CallerDocument.Read(subscription.Owner), Time(subscription.Owned))
        {
            Asked = subscription.Asked,
            Last = last,
            Delivered = delivery.Delivered,
            Failures = isCounted ? delivery.Failures : 0,
            Failing = isCounted && delivery.Failures > 0 ? Time(delivery.Failing) : null,
            Next = isCounted && delivery.Next > 0 ? Time(delivery.Next) : null,
            Sent = delivery.Sent > 0 ? Time(delivery.Sent) : null,
            Note = isCounted ? delivery.Note : "",
        };
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
