namespace TeleFhir.Domain.Access;

/// <summary>How hard signing in is made for those who guess, and how long it lasts.</summary>
public sealed record SignInSettings
{
    /// <summary>Rounds of PBKDF2-SHA512 for a password (OWASP Password Storage Cheat Sheet).</summary>
    public int PasswordRounds { get; init; } = 210_000;

    /// <summary>So many failures in a row lock an account: for a minute, and twice as long with each one more, up to a quarter of an hour.</summary>
    public int LockAfter { get; init; } = 5;

    /// <summary>So many failures from one address within <see cref="AddressWindow"/> turn it away; null for no limit.</summary>
    public int? AddressLimit { get; init; } = 30;

    /// <summary>How long failures of an address count together.</summary>
    public TimeSpan AddressWindow { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A page unused for so long asks to sign in again.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>No session lives longer.</summary>
    public TimeSpan SessionLimit { get; init; } = TimeSpan.FromHours(12);
}
