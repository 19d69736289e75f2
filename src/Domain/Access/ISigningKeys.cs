namespace TeleFhir.Domain.Access;

/// <summary>
/// A key that signs tokens. Which one signs follows from the times alone, so that all nodes agree without talking: the one whose time came
/// last. The others are published, the coming one ahead of its time and the old ones for as long as their tokens live.
/// </summary>
/// <param name="Number">Counts up; two nodes that make a key at once cannot both have it.</param>
/// <param name="Id">The <c>kid</c> of its tokens.</param>
/// <param name="Sealed">The private part, readable to the server only.</param>
/// <param name="ActiveFrom">When it begins to sign.</param>
public sealed record SigningKey(int Number, string Id, string Sealed, DateTimeOffset ActiveFrom);

/// <summary>The keys of the embedded authorization server, the same for all nodes.</summary>
public interface ISigningKeys
{
    /// <summary>All that are kept, by number.</summary>
    Task<IReadOnlyList<SigningKey>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds one; false where its number is taken.</summary>
    Task<bool> AddAsync(SigningKey key, CancellationToken cancellationToken);

    /// <summary>Removes one for good: its tokens no longer verify.</summary>
    Task RemoveAsync(int number, CancellationToken cancellationToken);
}
