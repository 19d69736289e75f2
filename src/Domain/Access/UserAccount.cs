namespace TeleFhir.Domain.Access;

/// <summary>What a user of the embedded authorization server is.</summary>
public enum UserRole
{
    /// <summary>A patient, with access to their own record.</summary>
    Patient,

    /// <summary>A clinician.</summary>
    Clinician,

    /// <summary>Manages users and clients and sees the audit trail.</summary>
    Administrator,
}

/// <summary>A person who can sign in. Never holds a secret.</summary>
/// <param name="Id">Does not change and is not reused; the <c>sub</c> of tokens.</param>
/// <param name="UserName">What is typed to sign in; compared without case.</param>
/// <param name="DisplayName">For pages.</param>
/// <param name="Role">What they are.</param>
/// <param name="FhirUser">Their resource, <c>Practitioner/demo-lee</c>; null where there is none.</param>
/// <param name="Clearance">Up to which confidentiality resources are shown to them.</param>
/// <param name="IsDisabled">Cannot sign in, and what was granted on their behalf no longer works.</param>
/// <param name="HasSecondFactor">Has set up a one-time password generator.</param>
public sealed record UserAccount(
    string Id, string UserName, string DisplayName, UserRole Role, string? FhirUser, Confidentiality Clearance, bool IsDisabled, bool HasSecondFactor)
{
    /// <summary>Belongs to the demonstration and must not exist in Production.</summary>
    public bool IsDemo { get; init; }

    /// <summary>Whether a password alone is not enough: whoever reaches the records of others shows a second factor.</summary>
    public bool NeedsSecondFactor => HasSecondFactor || (Role != UserRole.Patient && !IsDemo);
}

/// <summary>Who can sign in.</summary>
public interface IUserDirectory
{
    /// <summary>The account with this id, or null.</summary>
    Task<UserAccount?> FindAsync(string id, CancellationToken cancellationToken);
}
