namespace TeleFhir.Domain.Access;

/// <summary>What an EHR launch tells an application: who is in front of it, and about whom.</summary>
/// <param name="FhirBase">The server that it is for.</param>
/// <param name="ClientId">The one application that may use it.</param>
/// <param name="UserId">The one user who may.</param>
/// <param name="SessionId">The session of that user that it was made in and ends with.</param>
/// <param name="Expires">When it is gone.</param>
public sealed record LaunchContext(string FhirBase, string ClientId, string UserId, string SessionId, DateTimeOffset Expires)
{
    /// <summary>What the store keeps it under, from which nobody can tell its token.</summary>
    public string Id { get; init; } = "";

    /// <summary>Id of the patient in context, or null.</summary>
    public string? Patient { get; init; }

    /// <summary>Id of the encounter in context, or null.</summary>
    public string? Encounter { get; init; }

    /// <summary>What the user wants to do there, or null.</summary>
    public string? Intent { get; init; }

    /// <summary>The organization that launches, as it calls itself, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>What else is in context, a JSON array as <see cref="FhirContext"/> reads it, or null.</summary>
    public string? FhirContext { get; init; }
}

/// <summary>EHR launches that wait for their application; shared by all nodes.</summary>
public interface ILaunches
{
    /// <summary>Keeps one under a token of 256 random bits, of which only a hash is stored.</summary>
    Task AddAsync(string token, LaunchContext launch, CancellationToken cancellationToken);

    /// <summary>The one of this token, or null where there is none or it has expired.</summary>
    Task<LaunchContext?> FindAsync(string token, CancellationToken cancellationToken);

    /// <summary>Takes away the one of this id; exactly one caller gets it.</summary>
    Task<LaunchContext?> TakeAsync(string id, CancellationToken cancellationToken);
}
