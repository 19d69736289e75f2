using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// The record of who did what: append-only, each entry chained to the one before it by a hash. It becomes AuditEvent resources in the form of
/// the IHE Basic Audit Log Patterns (https://profiles.ihe.net/ITI/BALP/).
/// </summary>
public interface IAuditTrail
{
    /// <summary>
    /// Takes an entry without waiting for the disk. It is durable within a second, and before the server stops; entries of one node keep
    /// their order. Where the queue is full the caller waits, so that nothing goes unrecorded.
    /// </summary>
    ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken);
}

/// <summary>What an entry is about.</summary>
public enum AuditKind
{
    /// <summary>Access to resources over the FHIR API; <see cref="AuditEntry.Event"/> is the interaction, for example <c>read</c>.</summary>
    Rest,

    /// <summary>A person signed in, failed to, or signed out.</summary>
    Login,

    /// <summary>An application was launched, granted, denied or revoked; tokens issued, reused or refused.</summary>
    Authorization,

    /// <summary>A user, client or key was managed.</summary>
    Administration,

    /// <summary>A clinician overrode access rules.</summary>
    EmergencyAccess,

    /// <summary>The audit trail itself was started or stopped.</summary>
    Trail,
}

/// <summary>One thing that happened. Holds ids, never content, tokens or secrets.</summary>
public sealed record AuditEntry(AuditKind Kind, string Event, DateTimeOffset Recorded)
{
    /// <summary>HTTP status it was answered with; 0 where it was no request.</summary>
    public int Status { get; init; }

    /// <summary>The OAuth client, or null.</summary>
    public string? ClientId { get; init; }

    /// <summary>The user's account, or null.</summary>
    public string? UserId { get; init; }

    /// <summary>The resource that the user is, <c>Type/id</c>, or null.</summary>
    public string? FhirUser { get; init; }

    /// <summary>The address it came from, or null.</summary>
    public string? RemoteAddress { get; init; }

    /// <summary>Ids of the patients whose records were touched.</summary>
    public ImmutableArray<string> Patients { get; init; } = [];

    /// <summary>Resources that were touched, <c>Type/id</c> or <c>Type/id/_history/n</c>.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>
    /// Versions that were shown or written. Their names and patients are read out of them when the entry is written, not while somebody waits;
    /// nothing else of them is kept.
    /// </summary>
    public ImmutableArray<StoredResource> Touched { get; init; } = [];

    /// <summary>Patients to whose records the user had broken the glass; where one of them was touched the entry says so.</summary>
    public ImmutableArray<string> EmergencyPatients { get; init; } = [];

    /// <summary>The search as it was asked, or null.</summary>
    public string? Query { get; init; }

    /// <summary>The id that request, answer and logs share, or null.</summary>
    public string? RequestId { get; init; }

    /// <summary>Why, in words for people: a denial's reason, or the reason given for breaking the glass.</summary>
    public string? Reason { get; init; }

    /// <summary>The entry so far as it tells who asked, for something done at this time.</summary>
    public static AuditEntry By(Caller caller, AuditKind kind, string name, DateTimeOffset recorded)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return new AuditEntry(kind, name, recorded)
        {
            ClientId = caller.ClientId,
            UserId = caller.UserId,
            FhirUser = caller.FhirUser?.ToString(),
            EmergencyPatients = caller.EmergencyPatients,
        };
    }
}
