using System.Collections.Immutable;

namespace TeleFhir.Domain.Access;

/// <summary>A key that signs tokens. It is published before it is used and after it is no longer used.</summary>
/// <param name="Id">Its name in the published set.</param>
/// <param name="Sealed">The private key, encrypted by the server's key ring.</param>
/// <param name="Created">When it was made; the newest that is old enough signs.</param>
public sealed record StoredSigningKey(string Id, byte[] Sealed, DateTimeOffset Created);

/// <summary>The authorization server's keys in the database, shared by all nodes.</summary>
public interface IServerKeyStore
{
    /// <summary>All signing keys that are still published, newest first.</summary>
    Task<ImmutableArray<StoredSigningKey>> SigningKeysAsync(CancellationToken cancellationToken);

    /// <summary>Adds a signing key, unless the newest is newer than <paramref name="unlessNewerThan"/>: of several nodes one adds.</summary>
    Task<bool> AddSigningKeyAsync(StoredSigningKey key, DateTimeOffset unlessNewerThan, CancellationToken cancellationToken);

    /// <summary>Removes signing keys made before a moment.</summary>
    Task RemoveSigningKeysAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken);

    /// <summary>The key ring that encrypts everything else: XML documents.</summary>
    IReadOnlyList<string> RingKeys();

    /// <summary>Adds a key to the ring.</summary>
    void AddRingKey(string xml);
}
