namespace TeleFhir.Domain.Visits;

/// <summary>A message from one node to another that holds connections to the same room.</summary>
/// <param name="Node">To which node.</param>
/// <param name="Encounter">Id of the Encounter.</param>
/// <param name="To">To which connection; null for all that may have it.</param>
/// <param name="Message">Its name.</param>
/// <param name="Content">Its content as JSON.</param>
public sealed record RoomLetter(string Node, string Encounter, string? To, string Message, string Content);

/// <summary>
/// Carries messages between nodes by the database that they share, in the order in which each sender posted. What is not fetched within a
/// minute is for a node that is gone, and is thrown away.
/// </summary>
public interface IRoomMail
{
    /// <summary>Posts letters.</summary>
    Task PostAsync(IReadOnlyCollection<RoomLetter> letters, CancellationToken cancellationToken);

    /// <summary>
    /// Whether it is worth looking: letters have come since the last time, or nobody tells when they do. Costs nothing; who looks every second
    /// besides misses none.
    /// </summary>
    bool MayHaveCome(string node);

    /// <summary>Takes what has come for a node.</summary>
    Task<IReadOnlyList<RoomLetter>> TakeAsync(string node, CancellationToken cancellationToken);

    /// <summary>Throws away what nobody fetches.</summary>
    Task PruneAsync(CancellationToken cancellationToken);
}
