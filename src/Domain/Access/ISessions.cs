namespace TeleFhir.Domain.Access;

/// <summary>Who is signed in. Shared by all nodes.</summary>
public interface ISessions
{
    /// <summary>Whether the session has neither run out nor been ended; online access lives as long as it does.</summary>
    Task<bool> IsAliveAsync(string sessionId, CancellationToken cancellationToken);
}
