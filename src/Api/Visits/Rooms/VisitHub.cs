using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>
/// A connection to the room of a visit. What it may do hangs on what <see cref="RoomEntrance"/> found out about its token, and nothing else: no
/// message names a visit, so none can be for another one.
/// </summary>
internal sealed class VisitHub(VisitRooms rooms, AwayWatch away, RoomLog log, TimeProvider clock) : Hub
{
    private const int LongestChat = 2000;
    private const int MostSignal = 48 * 1024;

    private static readonly string[] _types = ["offer", "answer", "ice"];

    public override async Task OnConnectedAsync()
    {
        var ticket = Context.GetHttpContext()?.Features.Get<RoomTicket>() ?? throw new HubException("A join token is needed.");
        await rooms.EnterAsync(Context, ticket.Member, ticket.Role, Context.ConnectionAborted);
        await log.JoinedAsync(ticket);
        await away.ReturnAsync(ticket.Member.Encounter, Context.ConnectionAborted);
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        if (rooms.Find(Context.ConnectionId) is { } seat)
        {
            await rooms.LeaveAsync(seat);
            await log.LeftAsync(seat, Context.GetHttpContext());
        }
    }

    /// <summary>Passes on what two peers need to connect with each other.</summary>
    public async Task Signal(string to, string type, JsonElement data)
    {
        var seat = Seated();
        Demand(seat.Signals.TryTake(clock), "Too many messages.");
        Demand(_types.Contains(type), "The type of a signal is offer, answer or ice.");
        Demand(data.ValueKind == JsonValueKind.Undefined || data.GetRawText().Length <= MostSignal, "The signal is too large.");
        Demand(await rooms.SendAsync(seat, to, RoomMessage.Signal, new Signal(seat.Id, type, data), Context.ConnectionAborted), "Nobody of that id is in the room.");
    }

    /// <summary>Says something to all who are in the room, who says it among them.</summary>
    public async Task Chat(string text)
    {
        var seat = Seated();
        Demand(seat.Chats.TryTake(clock), "Too many messages.");
        Demand(text is not null && text.Trim().Length > 0 && text.Length <= LongestChat, "A message has 1 to 2000 characters.");
        var at = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        await rooms.BroadcastAsync(seat.Encounter, null, RoomMessage.Chat, new Chat(seat.Id, text!, at), Context.ConnectionAborted);
    }

    /// <summary>Goes; the visit goes on.</summary>
    public async Task Leave()
    {
        if (rooms.Find(Context.ConnectionId) is { } seat)
        {
            await rooms.LeaveAsync(seat);
            await log.LeftAsync(seat, Context.GetHttpContext());
        }

        Context.Abort();
    }

    private Seat Seated()
    {
        var seat = rooms.Find(Context.ConnectionId);
        Demand(seat is { Role: not VisitRole.Lobby, IsClosing: false }, "Wait until you are let in.");
        return seat!;
    }

    private static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new HubException(otherwise);
        }
    }
}
