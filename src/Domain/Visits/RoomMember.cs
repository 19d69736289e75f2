namespace TeleFhir.Domain.Visits;

/// <summary>What a party may do in the room of a visit, least first.</summary>
public enum VisitRole
{
    /// <summary>Waits outside: hears and sees nothing of the room.</summary>
    Lobby,

    /// <summary>Was let in.</summary>
    Guest,

    /// <summary>Runs the visit.</summary>
    Host,
}

/// <summary>A party of a visit, as it shows in the room. The same person is one party, by however many connections.</summary>
/// <param name="Encounter">Id of the Encounter.</param>
/// <param name="Participant">Who: <c>Type/id</c> of the person, or the client that acts for staff.</param>
/// <param name="Name">For the others in the room.</param>
/// <param name="IsHost">Whether it runs the visit; whoever does not waits in the lobby until the visit has begun.</param>
public sealed record RoomMember(string Encounter, string Participant, string Name, bool IsHost)
{
    /// <summary>Its role, which hangs on whether the visit has begun.</summary>
    public VisitRole RoleIn(bool hasBegun) => IsHost ? VisitRole.Host : hasBegun ? VisitRole.Guest : VisitRole.Lobby;
}
