namespace TeleFhir.Domain.Visits;

/// <summary>One connection to a room.</summary>
/// <param name="Id">The id by which the others in the room know it.</param>
/// <param name="Member">Whose it is.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Node">The server process that holds it.</param>
/// <param name="Joined">Since when.</param>
public sealed record Presence(string Id, RoomMember Member, VisitRole Role, string Node, DateTimeOffset Joined);

/// <summary>A connection that ended with the server process that held it.</summary>
/// <param name="Id">The id by which the others in the room know it.</param>
/// <param name="Encounter">The visit.</param>
public sealed record VanishedPresence(string Id, string Encounter);

/// <summary>
/// Who is in which room, on all nodes. A node says again and again that it is there; what it held is over when it has been silent for
/// <see cref="Silence"/>, so a node that is killed leaves nobody behind for long.
/// </summary>
public interface IVisitPresence
{
    /// <summary>For how long a node may say nothing.</summary>
    static TimeSpan Silence => TimeSpan.FromSeconds(15);

    /// <summary>Notes a connection.</summary>
    Task EnterAsync(Presence presence, CancellationToken cancellationToken);

    /// <summary>Lets everybody of a visit in who waits in the lobby.</summary>
    Task AdmitAsync(string encounter, CancellationToken cancellationToken);

    /// <summary>Notes that a connection is over; false where it was before, so that of all who note it one tells of it.</summary>
    Task<bool> LeaveAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what silent nodes held, each connection once whoever asks, and not before it is asked for: who stops leaves the rest to others.
    /// </summary>
    IAsyncEnumerable<VanishedPresence> VanishedAsync(CancellationToken cancellationToken);

    /// <summary>The connections that are open, oldest first.</summary>
    Task<IReadOnlyList<Presence>> InAsync(string encounter, CancellationToken cancellationToken);

    /// <summary>Says that a node is there.</summary>
    Task KeepAsync(string node, CancellationToken cancellationToken);

    /// <summary>Encounters whose last connection ended before this and which were not settled since.</summary>
    Task<IReadOnlyList<string>> AbandonedAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Notes that something was done about it, until somebody comes again.</summary>
    Task SettleAsync(string encounter, CancellationToken cancellationToken);

    /// <summary>Forgets connections that ended before this.</summary>
    Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
