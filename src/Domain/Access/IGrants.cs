using System.Collections.Immutable;

namespace TeleFhir.Domain.Access;

/// <summary>What a user once allowed an application and still does.</summary>
/// <param name="Id">Names it; tokens issued under it carry this id.</param>
/// <param name="ClientId">The application.</param>
/// <param name="ClientName">Its name for people; text only.</param>
/// <param name="Scopes">What was granted.</param>
/// <param name="Created">When.</param>
public sealed record Grant(string Id, string ClientId, string ClientName, ImmutableArray<string> Scopes, DateTimeOffset Created);

/// <summary>What users granted to applications.</summary>
public interface IGrants
{
    /// <summary>What this user granted and has not taken back, newest first.</summary>
    Task<IReadOnlyList<Grant>> OfUserAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Takes one back, whoever's it is; nothing happens where there is none.</summary>
    Task RevokeAsync(string grantId, CancellationToken cancellationToken);

    /// <summary>Takes one back: its refresh tokens and access tokens stop working. False where this user has no such grant.</summary>
    Task<bool> RevokeAsync(string userId, string grantId, CancellationToken cancellationToken);
}
