namespace TeleFhir.Domain.Access;

/// <summary>An EHR launch: the context that an app gets when it brings the launch parameter back.</summary>
/// <param name="UserId">Who launched; nobody else may use it.</param>
/// <param name="ClientId">The app; no other may use it.</param>
/// <param name="Patient">Id of the patient in context.</param>
public sealed record LaunchContext(string UserId, string ClientId, string Patient)
{
    /// <summary>Id of the encounter in context, or null.</summary>
    public string? Encounter { get; init; }

    /// <summary>What the app is to do, or null.</summary>
    public string? Intent { get; init; }
}

/// <summary>Launches that wait for their app, a few minutes at most; each is used once.</summary>
public interface ILaunches
{
    /// <summary>Keeps one; the launch parameter, 256 random bits of which only the hash is stored.</summary>
    Task<string> AddAsync(LaunchContext launch, CancellationToken cancellationToken);

    /// <summary>The context of a launch parameter, or null.</summary>
    Task<LaunchContext?> FindAsync(string launch, CancellationToken cancellationToken);

    /// <summary>Uses it up; exactly one caller succeeds.</summary>
    Task<bool> TakeAsync(string launch, CancellationToken cancellationToken);
}

/// <summary>Assertions with which clients have proved themselves: each counts once.</summary>
public interface IUsedAssertions
{
    /// <summary>False where the same issuer has used this id before.</summary>
    Task<bool> TryUseAsync(string issuer, string assertionId, DateTimeOffset expires, CancellationToken cancellationToken);
}
