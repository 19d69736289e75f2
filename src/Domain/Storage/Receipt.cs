using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Storage;

/// <summary>
/// The name under which a change set is written at most once (the header <c>Idempotency-Key</c>). It is kept in the transaction that
/// writes, so that a caller who never got the answer can ask again.
/// </summary>
/// <param name="Key">Whose it is and what they call it, as one text.</param>
/// <param name="Digest">A digest of what was asked for: the same key with another request is a mistake.</param>
public sealed record Receipt(string Key, string Digest)
{
    /// <summary>How long a key is known.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);
}

/// <summary>What was written under a receipt.</summary>
/// <param name="Digest">The digest of what was asked for.</param>
/// <param name="Written">The versions that the changes led to, in their order.</param>
public sealed record KeptReceipt(string Digest, ImmutableArray<ResourceKey> Written);

/// <summary>Receipts of what was written.</summary>
public interface IReceipts
{
    /// <summary>What was written under this key; null where nothing was, or too long ago.</summary>
    Task<KeptReceipt?> FindAsync(string key, CancellationToken cancellationToken);
}
