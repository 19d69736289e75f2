using System.Net.WebSockets;
using System.Text;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// The socket of subscriptions: the client sends <c>bind-with-token: </c> and a token, is greeted by a handshake, and gets the notifications from
/// then on as text. What it misses while there is none it asks for with <c>$events</c>.
/// </summary>
internal sealed class SubscriptionSocket(
    ISubscriptions subscriptions, Notifications notifications, SubscriptionOwners owners, IAuditTrail trail, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public const string Path = "/subscriptions";

    private const string Bind = "bind-with-token:";
    private const int LongestMessage = 1024;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _sending = TimeSpan.FromSeconds(30);

    /// <summary>Serves one connection until either side ends it.</summary>
    public async Task ServeAsync(WebSocket socket, CancellationToken aborted)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        try
        {
            var cursors = await BoundAsync(socket, stop.Token);
            if (cursors.Count == 0)
            {
                await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "Not bound.");
                return;
            }

            // Whoever closes is noticed by reading; whatever else is said is not listened to.
            var reading = ReadToEndAsync(socket, stop);
            await TellAsync(socket, cursors, stop.Token);
            await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, "Over.");
            await reading;
        }
        catch (Exception over) when (over is OperationCanceledException or WebSocketException)
        {
            await CloseAsync(socket, WebSocketCloseStatus.EndpointUnavailable, "Over.");
        }
    }

    private async Task<Dictionary<string, Cursor>> BoundAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var cursors = new Dictionary<string, Cursor>(StringComparer.Ordinal);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        if (await ReadAsync(socket, patience.Token) is not { } message || !message.StartsWith(Bind, StringComparison.Ordinal))
        {
            return cursors;
        }

        var ids = await subscriptions.RedeemAsync(message[Bind.Length..].Trim(), cancellationToken);
        foreach (var record in await subscriptions.FindAsync(ids, cancellationToken))
        {
            if (IsServed(record) && !await owners.IsOverAsync(record, cancellationToken))
            {
                await SendAsync(socket, record, NotificationType.Handshake, [], cancellationToken);
                cursors[record.Id] = new Cursor(record.Last, clock.GetUtcNow());
            }
        }

        return cursors;
    }

    /// <summary>Sends events as they come, until there is nothing left that could send any.</summary>
    private async Task TellAsync(WebSocket socket, Dictionary<string, Cursor> cursors, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_look, clock);
        while (cursors.Count > 0 && socket.State == WebSocketState.Open)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            var records = (await subscriptions.FindAsync([.. cursors.Keys], cancellationToken)).ToDictionary(record => record.Id);
            foreach (var (id, cursor) in cursors.ToList())
            {
                if (!records.TryGetValue(id, out var record) || !IsServed(record) || await owners.IsOverAsync(record, cancellationToken))
                {
                    cursors.Remove(id);
                    continue;
                }

                cursors[id] = await TellAsync(socket, record, cursor, cancellationToken);
            }
        }
    }

    private async Task<Cursor> TellAsync(WebSocket socket, SubscriptionRecord record, Cursor cursor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (record.Last == cursor.Number)
        {
            var isSilent = record.Plan.Heartbeat > 0 && cursor.Sent + TimeSpan.FromSeconds(record.Plan.Heartbeat) <= now;
            if (isSilent)
            {
                await SendAsync(socket, record, NotificationType.Heartbeat, [], cancellationToken);
            }

            return isSilent ? cursor with { Sent = now } : cursor;
        }

        var events = await subscriptions.EventsAsync(record.Id, cursor.Number + 1, record.Last, record.Plan.MaxCount, cancellationToken);
        var seen = await notifications.SeenAsync(record.Owner, events, cancellationToken);
        if (seen.Count > 0)
        {
            await SendAsync(socket, record, NotificationType.EventNotification, seen, cancellationToken);
        }

        return new Cursor(events.IsEmpty ? record.Last : events[^1].Number, now);
    }

    private async Task SendAsync(WebSocket socket, SubscriptionRecord record, string type, IReadOnlyList<SeenEvent> events, CancellationToken cancellationToken)
    {
        var notification = await notifications.OfAsync(record, type, events, record.Plan.Content, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_sending);
        await socket.SendAsync(record.Plan.IsXml ? FhirXml.FromJson(notification.Json) : notification.Json, WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        if (!notification.Shown.IsEmpty)
        {
            await trail.RecordAsync(
                AuditEntry.By(record.Owner, AuditKind.Rest, "$notification", clock.GetUtcNow()) with { Touched = notification.Shown, Status = 200 }, cancellationToken);
        }
    }

    /// <summary>Requested too: it is about to be active, and who has bound before must not miss the moment.</summary>
    private bool IsServed(SubscriptionRecord record) => record.State is SubscriptionState.Active or SubscriptionState.Requested
        && record.Plan.Channel == SubscriptionChannel.Websocket
        && !(record.Plan.End <= clock.GetUtcNow());

    private static async Task ReadToEndAsync(WebSocket socket, CancellationTokenSource stop)
    {
        try
        {
            while (await ReadAsync(socket, stop.Token) is not null)
            {
            }
        }
        catch (Exception over) when (over is OperationCanceledException or WebSocketException)
        {
            // The other side is gone.
        }

        await stop.CancelAsync();
    }

    /// <summary>A text message; null where the other side has closed, or says what is none.</summary>
    private static async Task<string?> ReadAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestMessage];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            length += part.Count;
            if (part.MessageType != WebSocketMessageType.Text || (length == buffer.Length && !part.EndOfMessage))
            {
                return null;
            }

            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string text)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
                await socket.CloseOutputAsync(status, text, limit.Token);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or WebSocketException)
        {
            // It is over anyway.
        }
    }

    /// <summary>How far a socket was told.</summary>
    private sealed record Cursor(long Number, DateTimeOffset Sent);
}
