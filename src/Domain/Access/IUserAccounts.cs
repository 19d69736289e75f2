using System.Collections.Immutable;
using System.Net;

namespace TeleFhir.Domain.Access;

/// <summary>An account to be made.</summary>
public sealed record NewAccount(string UserName, string DisplayName, UserRole Role, string? FhirUser)
{
    /// <summary>Up to which confidentiality resources are shown to them.</summary>
    public Confidentiality Clearance { get; init; } = Confidentiality.Normal;

    /// <summary>Belongs to the demonstration and must not exist in Production.</summary>
    public bool IsDemo { get; init; }
}

/// <summary>How an attempt to sign in ended.</summary>
/// <param name="Account">Who it is; null where the attempt failed, for whatever reason.</param>
/// <param name="IsTurnedAway">Too many failures from this address; nothing was looked at.</param>
public sealed record PasswordCheck(UserAccount? Account, bool IsTurnedAway);

/// <summary>The accounts of the embedded authorization server. Shared by all nodes; every count is kept by the database.</summary>
public interface IUserAccounts
{
    /// <summary>All, by user name.</summary>
    Task<IReadOnlyList<UserAccount>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The one of this user name, or null.</summary>
    Task<UserAccount?> FindByNameAsync(string userName, CancellationToken cancellationToken);

    /// <summary>Adds one. Throws <see cref="AccountException"/> where it makes no sense or the name is taken.</summary>
    Task<UserAccount> AddAsync(NewAccount account, string password, CancellationToken cancellationToken);

    /// <summary>
    /// Puts this in the place of what is known under the id; the user name stays. Whoever gets less or is disabled is signed out and their
    /// tokens stop working. False where there is none. Throws <see cref="AccountException"/> where it makes no sense.
    /// </summary>
    Task<bool> ChangeAsync(UserAccount account, CancellationToken cancellationToken);

    /// <summary>Sets a password, unlocks, and ends every session. False where there is no such account. Throws <see cref="AccountException"/>.</summary>
    Task<bool> SetPasswordAsync(string id, string password, CancellationToken cancellationToken);

    /// <summary>
    /// Checks a password. It takes as long for a name that does not exist, and failures are counted before the password is looked at, so
    /// that guessing in parallel gains nothing.
    /// </summary>
    Task<PasswordCheck> CheckPasswordAsync(string userName, string password, IPAddress? address, CancellationToken cancellationToken);
}

/// <summary>The second factors of accounts. Secrets come and go sealed; what they are is not known here.</summary>
public interface ISecondFactors
{
    /// <summary>The sealed secret, or null where none is set up.</summary>
    Task<string?> SecretOfAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Sets one up in place of another, with the codes that stand in for it, and notes the step of the code that proved it.</summary>
    Task SetUpAsync(string userId, string sealedSecret, long step, ImmutableArray<string> recoveryCodes, CancellationToken cancellationToken);

    /// <summary>Takes it away, for somebody who has lost it.</summary>
    Task RemoveAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Counts an attempt before it is looked at; false while there were too many.</summary>
    Task<bool> TryAttemptAsync(string userId, CancellationToken cancellationToken);

    /// <summary>Uses up the code of a step and those before it; true once.</summary>
    Task<bool> UseStepAsync(string userId, long step, CancellationToken cancellationToken);

    /// <summary>Uses up a recovery code; true once.</summary>
    Task<bool> UseRecoveryCodeAsync(string userId, string code, CancellationToken cancellationToken);
}

/// <summary>What users allowed applications, so as not to be asked the same again.</summary>
public interface IRememberedConsents
{
    /// <summary>The scopes that this user last granted to this client; none where nothing is remembered.</summary>
    Task<ImmutableArray<string>> FindAsync(string userId, string clientId, CancellationToken cancellationToken);

    /// <summary>Remembers what was granted in place of what was before.</summary>
    Task RememberAsync(string userId, string clientId, ImmutableArray<string> scopes, CancellationToken cancellationToken);

    /// <summary>Forgets, so that the user is asked again.</summary>
    Task ForgetAsync(string userId, string clientId, CancellationToken cancellationToken);

    /// <summary>Forgets what all users allowed a client, for example because its keys have changed.</summary>
    Task ForgetClientAsync(string clientId, CancellationToken cancellationToken);
}

/// <summary>What is wrong with an account or a password; a sentence that whoever entered it can act on.</summary>
public sealed class AccountException(string message) : Exception(message);
