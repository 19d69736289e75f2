namespace TeleFhir.Domain.Access;

/// <summary>Who is signed in. Shared by all nodes.</summary>
public interface ISessions
{
    /// <summary>Begins a session of this user under a new, unguessable id.</summary>
    Task<string> StartAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Whether the session has neither run out nor been ended; online access lives as long as it does.</summary>
    Task<bool> IsAliveAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>
    /// The account whose session it is, noting that it is in use; null where it has run out, was ended, lay idle for too long or the
    /// account is disabled. Pages ask this: an application goes on while the person reads, a page left open does not.
    /// </summary>
    Task<UserAccount?> UseAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Ends one.</summary>
    Task EndAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Ends all of one user.</summary>
    Task EndAllAsync(string userId, CancellationToken cancellationToken);
}
