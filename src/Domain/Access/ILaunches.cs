namespace TeleFhir.Domain.Access;

/// <summary>What an EHR launch tells an application: who is in front of it, and about whom.</summary>
/// <param name="ClientId">The one application that may use it.</param>
/// <param name="UserId">The one user who may.</param>
/// <param name="Patient">Id of the patient in context, or null.</param>
/// <param name="Encounter">Id of the encounter in context, or null.</param>
/// <param name="Intent">What the user wants to do there, or null.</param>
/// <param name="Expires">When it is gone.</param>
public sealed record LaunchContext(
    string ClientId, string UserId, string? Patient, string? Encounter, string? Intent, DateTimeOffset Expires);

/// <summary>EHR launches that wait for their application; shared by all nodes.</summary>
public interface ILaunches
{
    /// <summary>Keeps one under a token of 256 random bits, of which only a hash is stored.</summary>
    Task AddAsync(string token, LaunchContext launch, CancellationToken cancellationToken);

    /// <summary>The one of this token, or null where there is none or it has expired.</summary>
    Task<LaunchContext?> FindAsync(string token, CancellationToken cancellationToken);

    /// <summary>Takes it away; exactly one caller gets true.</summary>
    Task<bool> TakeAsync(string token, CancellationToken cancellationToken);
}
