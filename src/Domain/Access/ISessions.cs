namespace TeleFhir.Domain.Access;

/// <summary>Someone who has signed in on a browser.</summary>
/// <param name="Id">256 random bits, base64url; only the browser has it, the database has its hash.</param>
/// <param name="User">Who.</param>
/// <param name="AuthenticatedAt">When they signed in.</param>
public sealed record Session(string Id, UserAccount User, DateTimeOffset AuthenticatedAt);

/// <summary>Sessions of people at the authorization server; shared by all nodes.</summary>
public interface ISessions
{
    /// <summary>Begins one, always with a new id.</summary>
    Task<Session> StartAsync(UserAccount user, CancellationToken cancellationToken);

    /// <summary>The session, or null where it has ended, run out, or its user is disabled.</summary>
    Task<Session?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Ends it.</summary>
    Task EndAsync(string id, CancellationToken cancellationToken);

    /// <summary>The name under which tokens remember the session, which is not the id.</summary>
    string NameOf(string id);

    /// <summary>Whether the session of this name has not ended or run out.</summary>
    Task<bool> IsAliveAsync(string name, CancellationToken cancellationToken);
}
