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
    string Id, string UserName, string DisplayName, UserRole Role, string? FhirUser, Confidentiality Clearance, bool IsDisabled, bool HasSecondFactor);

/// <summary>How an attempt to sign in ended; nobody outside is told why it failed.</summary>
public enum SignInStatus
{
    /// <summary>Name and password are right.</summary>
    Succeeded,

    /// <summary>They are not, or there is no such account, or it is disabled.</summary>
    Refused,

    /// <summary>Too many failures; for some minutes nobody gets in, not even with the right password.</summary>
    LockedOut,
}

/// <summary>How an attempt to sign in ended, and as whom.</summary>
public sealed record SignInOutcome(SignInStatus Status, UserAccount? Account);

/// <summary>Who can sign in.</summary>
public interface IUserDirectory
{
    /// <summary>The account with this id, or null.</summary>
    Task<UserAccount?> FindAsync(string id, CancellationToken cancellationToken);
}

/// <summary>The accounts of the embedded authorization server.</summary>
public interface IUserAccounts : IUserDirectory
{
    /// <summary>Checks name and password. Takes as long for names that do not exist; counts failures for all nodes.</summary>
    Task<SignInOutcome> SignInAsync(string userName, string password, CancellationToken cancellationToken);

    /// <summary>Adds an account; false where the name is taken.</summary>
    Task<bool> AddAsync(UserAccount account, string password, CancellationToken cancellationToken);

    /// <summary>Whether there is an account of this name.</summary>
    Task<bool> ExistsAsync(string userName, CancellationToken cancellationToken);
}
