using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>Somebody in a room, as the others see it.</summary>
internal sealed record Peer(string Id, string Name, string Role)
{
    public static Peer Of(Presence presence) => new(presence.Id, presence.Member.Name, RoleOf(presence.Role));

    public static string RoleOf(VisitRole role) => role switch
    {
        VisitRole.Host => "host",
        VisitRole.Guest => "guest",
        _ => "lobby",
    };
}

/// <summary>The first message of a connection: who it is and who is there.</summary>
internal sealed record Joined(string Self, string Role, IReadOnlyList<Peer> Peers);

/// <summary>Somebody is gone.</summary>
internal sealed record ParticipantLeft(string Id);

/// <summary>Somebody who waited is let in.</summary>
internal sealed record Admitted(string Role, IReadOnlyList<Peer> Peers);

/// <summary>What one peer tells another to connect with it; it passes through unread.</summary>
internal sealed record Signal(string From, string Type, object? Data);

/// <summary>A line of talk; it is not kept.</summary>
internal sealed record Chat(string From, string Text, string At);

/// <summary>This connection is over, and why.</summary>
internal sealed record Ended(string Reason);

/// <summary>Whether the visit is being recorded from now on, by whom, and why it ended where nobody in the room did that.</summary>
internal sealed record RecordingState(bool Active, string By, string? Reason = null);

/// <summary>The names of messages.</summary>
internal static class RoomMessage
{
    public const string Joined = "joined";
    public const string ParticipantJoined = "participantJoined";
    public const string ParticipantLeft = "participantLeft";
    public const string Admitted = "admitted";
    public const string Signal = "signal";
    public const string Chat = "chat";
    public const string Ended = "ended";
    public const string Recording = "recording";
}
