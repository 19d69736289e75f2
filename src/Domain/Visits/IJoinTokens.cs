namespace TeleFhir.Domain.Visits;

/// <summary>
/// The tokens that open one connection to a room: 256 random bits, for a few minutes, once, on whichever node. Only their hashes are kept,
/// so nobody can read them anywhere but in the answer that gave them.
/// </summary>
public interface IJoinTokens
{
    /// <summary>Makes one.</summary>
    Task<string> MintAsync(RoomMember member, DateTimeOffset expires, CancellationToken cancellationToken);

    /// <summary>Whose it is, without using it up; null where it is used, spoilt, expired or none.</summary>
    Task<RoomMember?> FindAsync(string token, CancellationToken cancellationToken);

    /// <summary>Uses it up: of any number who show it at the same moment one is told whose it is, the others null.</summary>
    Task<RoomMember?> RedeemAsync(string token, CancellationToken cancellationToken);

    /// <summary>Spoils what is not used yet: of one participant, or of all where null.</summary>
    Task SpoilAsync(string encounter, string? participant, CancellationToken cancellationToken);

    /// <summary>Forgets what has expired.</summary>
    Task PruneAsync(CancellationToken cancellationToken);
}
