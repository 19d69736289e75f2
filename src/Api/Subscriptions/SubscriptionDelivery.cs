using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// Sends what is due, each Subscription by itself: one that is slow or dead keeps nobody waiting. Of a Subscription the next notification goes
/// when the one before was taken; what fails is tried again by <see cref="RetrySchedule"/>, and at last the Subscription is in error.
/// </summary>
internal sealed partial class SubscriptionDelivery(
    ISubscriptions subscriptions,
    IEnumerable<INotificationChannel> channels,
    Notifications notifications,
    SubscriptionOwners owners,
    SubscriptionStates states,
    SubscriptionSettings settings,
    IAuditTrail trail,
    IMeterFactory meters,
    TimeProvider clock,
    ILogger<SubscriptionDelivery> logger)
    : IDisposable
{
    /// <summary>Prolonged while a try lasts, so that nobody else sends what is being sent; for so long what a server had that died is nobody's.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan _prolong = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _longestTry = TimeSpan.FromSeconds(40);

    /// <summary>So many are sent for at once; slow ones may be many, and take nothing but memory.</summary>
    private const int AtOnce = 2000;

    /// <summary>So many use the database at once; it has no connection for everybody whose handshake is due after a start.</summary>
    private const int AtDesk = 8;

    private const string Withdrawn = "The access of whoever asked for this was withdrawn.";

    private readonly Dictionary<SubscriptionChannel, INotificationChannel> _channels = channels.ToDictionary(channel => channel.Channel);
    private readonly Counter<long> _results = meters.Create(Telemetry.SubscriptionMeter).CreateCounter<long>("telefhir.notifications");
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _desk = new(AtDesk);

    /// <summary>Starts all that is due and does not run yet.</summary>
    public async Task StartDueAsync(CancellationToken cancellationToken)
    {
        foreach (var id in await subscriptions.DueAsync(cancellationToken))
        {
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running.Count < AtOnce && _running.TryAdd(id, over.Task))
            {
                _ = RunAsync(id, over, cancellationToken);
            }
        }
    }

    /// <summary>Waits for what runs.</summary>
    public Task FinishAsync() => Task.WhenAll(_running.Values);

    public void Dispose() => _desk.Dispose();

    /// <summary>Ends Subscriptions of those whose access was revoked, more often than revocations are forgotten.</summary>
    public async Task EndRevokedAsync(CancellationToken cancellationToken)
    {
        foreach (var record in await subscriptions.LiveAsync(cancellationToken))
        {
            if (record.State != SubscriptionState.Error && await owners.IsOverAsync(record, cancellationToken))
            {
                await states.SetAsync(record, SubscriptionState.Error, Withdrawn, cancellationToken);
            }
        }
    }

    private async Task RunAsync(string id, TaskCompletionSource over, CancellationToken cancellationToken)
    {
        // The caller goes on at once.
        await Task.Yield();
        try
        {
            await _desk.WaitAsync(cancellationToken);
            try
            {
                if (await subscriptions.TakeAsync(id, Lease, cancellationToken) is { } taken)
                {
                    await DeliverAsync(taken, cancellationToken);
                }
            }
            finally
            {
                _desk.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception fault)
        {
            Failed(logger, fault, id);
        }
        finally
        {
            _running.TryRemove(id, out _);
            over.SetResult();
        }
    }

    private async Task DeliverAsync(TakenSubscription taken, CancellationToken cancellationToken)
    {
        var record = taken.Record;
        if (record.State is SubscriptionState.Error or SubscriptionState.Off && record.Plan.End is null)
        {
            await subscriptions.ReleaseAsync(taken, cancellationToken);
        }
        else if (record.Plan.End <= clock.GetUtcNow())
        {
            await states.SetAsync(record, SubscriptionState.Off, null, cancellationToken);
            await subscriptions.ReleaseAsync(taken, cancellationToken);
        }
        else if (await owners.IsOverAsync(record, cancellationToken))
        {
            await states.SetAsync(record, SubscriptionState.Error, Withdrawn, cancellationToken);
            await subscriptions.ReleaseAsync(taken, cancellationToken);
        }
        else if (record.State == SubscriptionState.Requested)
        {
            if (await TryAsync(taken, NotificationType.Handshake, [], cancellationToken) is { } sent)
            {
                await subscriptions.SentAsync(sent, record.Delivered, cancellationToken);
                await states.SetAsync(record, SubscriptionState.Active, null, cancellationToken);
                await subscriptions.ReleaseAsync(sent, cancellationToken);
            }
        }
        else if (record.State == SubscriptionState.Active && record.Plan.Channel != SubscriptionChannel.Websocket)
        {
            await DeliverEventsAsync(taken, cancellationToken);
        }
        else
        {
            await subscriptions.ReleaseAsync(taken, cancellationToken);
        }
    }

    private async Task DeliverEventsAsync(TakenSubscription taken, CancellationToken cancellationToken)
    {
        var (record, delivered) = (taken.Record, taken.Record.Delivered);
        var events = await subscriptions.EventsAsync(record.Id, delivered + 1, record.Last, record.Plan.MaxCount, cancellationToken);
        if (events.IsEmpty)
        {
            // Nothing new, or what there was is not kept any more.
            var isSilent = record.Plan.Heartbeat > 0 && (record.Sent ?? record.Owned) + TimeSpan.FromSeconds(record.Plan.Heartbeat) <= clock.GetUtcNow();
            if ((isSilent ? await TryAsync(taken, NotificationType.Heartbeat, [], cancellationToken) : taken) is { } sent)
            {
                if (isSilent || record.Last > delivered)
                {
                    await subscriptions.SentAsync(sent, record.Last, cancellationToken);
                }

                await subscriptions.ReleaseAsync(sent, cancellationToken);
            }

            return;
        }

        while (!events.IsEmpty)
        {
            var seen = await notifications.SeenAsync(record.Owner, events, cancellationToken);
            if (seen.Count > 0)
            {
                if (await TryAsync(taken, NotificationType.EventNotification, seen, cancellationToken) is not { } sent)
                {
                    return;
                }

                taken = sent;
            }

            delivered = events[^1].Number;
            await subscriptions.SentAsync(taken, delivered, cancellationToken);

            // Who changes or ends the Subscription while much of it is delivered is heard; so is whoever has withdrawn access.
            var now = await subscriptions.FindAsync([record.Id], cancellationToken);
            if (now is not [{ State: SubscriptionState.Active } current] || current.Asked != record.Asked || !current.Plan.IsAlike(record.Plan)
                || current.Plan.End <= clock.GetUtcNow() || await owners.IsOverAsync(current, cancellationToken)
                || await subscriptions.ProlongAsync(taken, Lease, cancellationToken) is not { } prolonged)
            {
                await subscriptions.ReleaseAsync(taken, cancellationToken);
                return;
            }

            (record, taken) = (current, prolonged with { Record = current });
            events = await subscriptions.EventsAsync(record.Id, delivered + 1, record.Last, record.Plan.MaxCount, cancellationToken);
        }

        await subscriptions.ReleaseAsync(taken, cancellationToken);
    }

    /// <summary>
    /// Sends, and gives back the Subscription with its prolonged lease. Where that fails it is null, and noted is the next try or that there is none.
    /// </summary>
    private async Task<TakenSubscription?> TryAsync(TakenSubscription taken, string type, IReadOnlyList<SeenEvent> events, CancellationToken cancellationToken)
    {
        var record = taken.Record;
        DeliveryException failure;
        try
        {
            // A socket is the subscriber's to open: there is nobody to shake hands with yet.
            if (record.Plan.Channel != SubscriptionChannel.Websocket)
            {
                var notification = await notifications.OfAsync(record, type, events, record.Plan.Content, cancellationToken);
                if (await SendAsync(taken, notification, cancellationToken) is not { } still)
                {
                    return null;
                }

                taken = still;
                await AuditAsync(record, notification, cancellationToken);
                Count(record, "sent");
            }

            return taken;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another server need not wait for the lease to end.
            await subscriptions.ReleaseAsync(taken, CancellationToken.None);
            throw;
        }
        catch (DeliveryException refused)
        {
            failure = refused;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            failure = new DeliveryException($"It could not be sent ({fault.GetType().Name}).");
        }

        var now = clock.GetUtcNow();
        var (failing, failures) = (record.Failing ?? now, record.Failures + 1);
        var next = failure.IsFinal ? null
            : RetrySchedule.Next(failing, failures, now, type == NotificationType.Handshake ? settings.HandshakeFor : settings.GiveUpAfter);
        if (next is null)
        {
            Count(record, "given-up");
            GivenUp(logger, record.Id, failures, failure.Message);
            var waiting = record.Last - record.Delivered;
            var what = type == NotificationType.Handshake ? "The handshake failed" : string.Create(CultureInfo.InvariantCulture, $"Delivery failed, and {waiting} events wait");
            await states.SetAsync(record, SubscriptionState.Error, $"{what}: {failure.Message} Set the status to requested to go on.", cancellationToken);
        }
        else
        {
            Count(record, "failed");
        }

        await subscriptions.FailedAsync(taken, failing, next ?? now, failure.Message, cancellationToken);
        return null;
    }

    /// <summary>Null where this server was away for so long that another one has gone on with it.</summary>
    private async Task<TakenSubscription?> SendAsync(TakenSubscription taken, Notification notification, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_longestTry);
        var sending = _channels[taken.Record.Plan.Channel].SendAsync(taken.Record.Plan, notification, limit.Token);
        try
        {
            while (!await IsSentAsync(sending, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await subscriptions.ProlongAsync(taken, Lease, cancellationToken) is not { } prolonged)
                {
                    return null;
                }

                taken = prolonged;
            }

            await sending;
            return taken;
        }
        finally
        {
            await limit.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until it is sent or the lease must be prolonged. Others are at the desk meanwhile.</summary>
    private async Task<bool> IsSentAsync(Task sending, CancellationToken cancellationToken)
    {
        _desk.Release();
        try
        {
            return await Task.WhenAny(sending, Task.Delay(_prolong, clock, cancellationToken)) == sending;
        }
        finally
        {
            await _desk.WaitAsync(CancellationToken.None);
        }
    }

    private async ValueTask AuditAsync(SubscriptionRecord record, Notification notification, CancellationToken cancellationToken)
    {
        if (!notification.Shown.IsEmpty)
        {
            await trail.RecordAsync(
                AuditEntry.By(record.Owner, AuditKind.Rest, "$notification", clock.GetUtcNow()) with { Touched = notification.Shown, Status = 200 }, cancellationToken);
        }
    }

    private void Count(SubscriptionRecord record, string result) => _results.Add(
        1,
        new KeyValuePair<string, object?>("channel", record.Plan.Channel switch
        {
            SubscriptionChannel.RestHook => "rest-hook",
            SubscriptionChannel.Email => "email",
            _ => "websocket",
        }),
        new KeyValuePair<string, object?>("result", result));

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Subscription {Id} could not be seen to; it is tried again")]
    private static partial void Failed(ILogger logger, Exception fault, string id);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Subscription {Id} is in error after {Failures} failures: {Reason}")]
    private static partial void GivenUp(ILogger logger, string id, int failures, string reason);
}
