using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>
/// The rooms of visits, so far as this node holds connections to them; what concerns connections of other nodes goes there by mail. Messages
/// go only to connections of the same Encounter, and to nobody in the lobby but what is the lobby's.
/// </summary>
internal sealed class VisitRooms(
    IHubContext<VisitHub> hub,
    IJoinTokens tokens,
    IVisitPresence presence,
    IRoomMail mail,
    IRecordings recordings,
    IChangeEvents events,
    TimeProvider clock)
{
    /// <summary>Between nodes: let the lobby of a visit in; the content is who is in the room.</summary>
    private const string AdmitOrder = "#admit";

    /// <summary>Between nodes: close connections; the recipient is a participant.</summary>
    private const string CloseOrder = "#close";

    private static readonly TimeSpan _farewell = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, Seat> _seats = new(StringComparer.Ordinal);

    /// <summary>The name of this server process among those that share the database.</summary>
    public string Node { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The Encounters that this node holds connections of, and whether one of them waits.</summary>
    public IReadOnlyDictionary<string, bool> Open =>
        _seats.Values.GroupBy(seat => seat.Encounter).ToDictionary(room => room.Key, room => room.Any(seat => seat.Role == VisitRole.Lobby));

    public bool IsEmpty => _seats.IsEmpty;

    public Seat? Find(string connectionId) => _seats.GetValueOrDefault(connectionId);

    /// <summary>Takes a connection in and tells it and the others.</summary>
    public async Task<Seat> EnterAsync(HubCallerContext connection, RoomMember member, VisitRole role, CancellationToken cancellationToken)
    {
        var seat = new Seat(connection, member, role);
        var own = new Presence(seat.Id, member, role, Node, clock.GetUtcNow());
        IReadOnlyList<Presence> room;

        // It can be reached before others can see it: of two who come at the same moment none misses the other.
        _seats[seat.Id] = seat;
        try
        {
            await presence.EnterAsync(own, cancellationToken);
            await events.RaiseAsync("participant-connected", new ResourceKey("Encounter", member.Encounter), cancellationToken);
            room = await presence.InAsync(member.Encounter, cancellationToken);
            var peers = role == VisitRole.Lobby ? [] : PeersOf(room, seat.Id);
            await hub.Clients.Client(seat.Id).SendAsync(RoomMessage.Joined, new Joined(seat.Id, Peer.RoleOf(role), peers), cancellationToken);
        }
        finally
        {
            seat.Greeted.TrySetResult();
        }

        await BroadcastAsync(room, member.Encounter, seat.Id, RoomMessage.ParticipantJoined, Peer.Of(own), cancellationToken);
        await TellIfRecordedAsync(seat, cancellationToken);
        return seat;
    }

    /// <summary>Notes that a connection is over and tells the others.</summary>
    public async Task LeaveAsync(Seat seat)
    {
        // Where this node was silent for long, another has told of it.
        if (_seats.TryRemove(seat.Id, out _) && await presence.LeaveAsync(seat.Id, CancellationToken.None))
        {
            await TellLeftAsync(seat.Encounter, seat.Id, CancellationToken.None);
        }
    }

    /// <summary>Tells of those whose server died, which can do so no more.</summary>
    public async Task TellVanishedAsync(CancellationToken cancellationToken)
    {
        await foreach (var gone in presence.VanishedAsync(cancellationToken))
        {
            await TellLeftAsync(gone.Encounter, gone.Id, CancellationToken.None);
        }
    }

    /// <summary>Sends to one other connection of the same room that is not in the lobby; false where there is none.</summary>
    public async Task<bool> SendAsync(Seat from, string to, string message, object content, CancellationToken cancellationToken)
    {
        if (_seats.TryGetValue(to, out var seat))
        {
            if (seat.Encounter != from.Encounter || seat.Role == VisitRole.Lobby || seat.IsClosing)
            {
                return false;
            }

            await seat.Greeted.Task.WaitAsync(cancellationToken);
            await hub.Clients.Client(to).SendAsync(message, content, cancellationToken);
            return true;
        }

        var remote = (await presence.InAsync(from.Encounter, cancellationToken)).FirstOrDefault(one => one.Id == to && one.Node != Node && one.Role != VisitRole.Lobby);
        if (remote is null)
        {
            return false;
        }

        await mail.PostAsync([new RoomLetter(remote.Node, from.Encounter, to, message, Text(content))], cancellationToken);
        return true;
    }

    /// <summary>Sends to all of a room but one, and but the lobby.</summary>
    public async Task BroadcastAsync(string encounter, string? except, string message, object content, CancellationToken cancellationToken) =>
        await BroadcastAsync(await presence.InAsync(encounter, cancellationToken), encounter, except, message, content, cancellationToken);

    /// <summary>Turns those who wait at open connections into guests.</summary>
    public async Task AdmitAsync(string encounter, CancellationToken cancellationToken)
    {
        await presence.AdmitAsync(encounter, cancellationToken);
        var room = await presence.InAsync(encounter, cancellationToken);
        await AdmitHereAsync(encounter, room, cancellationToken);
        await mail.PostAsync([.. OtherNodes(room).Select(node => new RoomLetter(node, encounter, null, AdmitOrder, "{}"))], cancellationToken);
    }

    /// <summary>Closes the connections of a participant, or of all, and spoils their tokens.</summary>
    public async Task CloseAsync(string encounter, string? participant, string reason, CancellationToken cancellationToken)
    {
        await tokens.SpoilAsync(encounter, participant, cancellationToken);
        var room = await presence.InAsync(encounter, cancellationToken);
        await mail.PostAsync([.. OtherNodes(room).Select(node => new RoomLetter(node, encounter, participant, CloseOrder, Text(new Ended(reason))))], cancellationToken);
        await CloseHereAsync(encounter, participant, new Ended(reason), cancellationToken);
    }

    /// <summary>Does what a letter from another node says.</summary>
    public async Task TakeAsync(RoomLetter letter, CancellationToken cancellationToken)
    {
        switch (letter.Message)
        {
            case AdmitOrder:
                await AdmitHereAsync(letter.Encounter, await presence.InAsync(letter.Encounter, cancellationToken), cancellationToken);
                break;
            case CloseOrder:
                await CloseHereAsync(letter.Encounter, letter.To, JsonSerializer.Deserialize<Ended>(letter.Content, JsonSerializerOptions.Web)!, cancellationToken);
                break;
            default:
                var content = JsonSerializer.Deserialize<JsonElement>(letter.Content);
                await SendHereAsync(letter.Encounter, seat => letter.To is null || letter.To == seat.Id, letter.Message, content, cancellationToken);
                break;
        }
    }

    private async Task TellLeftAsync(string encounter, string id, CancellationToken cancellationToken)
    {
        await events.RaiseAsync("participant-disconnected", new ResourceKey("Encounter", encounter), cancellationToken);
        await BroadcastAsync(encounter, id, RoomMessage.ParticipantLeft, new ParticipantLeft(id), cancellationToken);
    }

    private async Task AdmitHereAsync(string encounter, IReadOnlyList<Presence> room, CancellationToken cancellationToken)
    {
        foreach (var seat in _seats.Values.Where(seat => seat.Encounter == encounter && seat.Role == VisitRole.Lobby))
        {
            await seat.Greeted.Task.WaitAsync(cancellationToken);
            if (!seat.Admit())
            {
                continue;
            }

            var guest = new Presence(seat.Id, seat.Member, seat.Role, Node, clock.GetUtcNow());
            await hub.Clients.Client(seat.Id).SendAsync(RoomMessage.Admitted, new Admitted(Peer.RoleOf(seat.Role), PeersOf(room, seat.Id)), cancellationToken);
            await BroadcastAsync(room, encounter, seat.Id, RoomMessage.ParticipantJoined, Peer.Of(guest), cancellationToken);
            await TellIfRecordedAsync(seat, cancellationToken);
        }
    }

    /// <summary>Nobody is in a room that is being recorded without knowing it, whenever they came.</summary>
    private async Task TellIfRecordedAsync(Seat seat, CancellationToken cancellationToken)
    {
        if (seat.Role != VisitRole.Lobby && await recordings.FindAsync(seat.Encounter, cancellationToken) is { } running)
        {
            var by = (await presence.InAsync(seat.Encounter, cancellationToken)).FirstOrDefault(one => one.Member.Participant == running.By)?.Member.Name;
            await hub.Clients.Client(seat.Id).SendAsync(RoomMessage.Recording, new RecordingState(true, by ?? "Clinician"), cancellationToken);
        }
    }

    private async Task CloseHereAsync(string encounter, string? participant, Ended ended, CancellationToken cancellationToken)
    {
        var closing = _seats.Values.Where(seat => seat.Encounter == encounter && (participant is null || seat.Member.Participant == participant)).ToList();
        foreach (var seat in closing)
        {
            seat.IsClosing = true;
            await hub.Clients.Client(seat.Id).SendAsync(RoomMessage.Ended, ended, cancellationToken);
        }

        // An abort overtakes what was sent just before it; whoever ended the visit need not wait for that.
        _ = AbortAsync(closing);
    }

    private async Task AbortAsync(List<Seat> seats)
    {
        await Task.Delay(_farewell, clock);
        seats.ForEach(seat => seat.Abort());
    }

    private async Task BroadcastAsync(
        IReadOnlyList<Presence> room, string encounter, string? except, string message, object content, CancellationToken cancellationToken)
    {
        await SendHereAsync(encounter, seat => seat.Id != except, message, content, cancellationToken);
        await mail.PostAsync([.. OtherNodes(room).Select(node => new RoomLetter(node, encounter, null, message, Text(content)))], cancellationToken);
    }

    private async Task SendHereAsync(string encounter, Func<Seat, bool> isMeant, string message, object content, CancellationToken cancellationToken)
    {
        foreach (var seat in _seats.Values.Where(seat => seat.Encounter == encounter && seat.Role != VisitRole.Lobby && !seat.IsClosing && isMeant(seat)))
        {
            await seat.Greeted.Task.WaitAsync(cancellationToken);
            await hub.Clients.Client(seat.Id).SendAsync(message, content, cancellationToken);
        }
    }

    private IEnumerable<string> OtherNodes(IReadOnlyList<Presence> room) => room.Select(one => one.Node).Where(node => node != Node).Distinct();

    private static List<Peer> PeersOf(IReadOnlyList<Presence> room, string self) => [.. room.Where(one => one.Id != self).Select(Peer.Of)];

    private static string Text(object content) => JsonSerializer.Serialize(content, content.GetType(), JsonSerializerOptions.Web);
}
