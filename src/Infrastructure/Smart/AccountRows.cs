namespace TeleFhir.Infrastructure.Smart;

/// <summary>A person who can sign in. Times are ticks in UTC, 0 for never.</summary>
internal sealed class UserAccountRow
{
    public string Id { get; set; } = "";

    public string UserName { get; set; } = "";

    /// <summary>The name as it is compared.</summary>
    public string NormalName { get; set; } = "";

    public string DisplayName { get; set; } = "";

    public short Role { get; set; }

    public string? FhirUser { get; set; }

    public short Clearance { get; set; }

    public string PasswordHash { get; set; } = "";

    /// <summary>Failures since the last success.</summary>
    public int Failed { get; set; }

    public long LockedUntil { get; set; }

    /// <summary>The sealed secret of the second factor.</summary>
    public string? Factor { get; set; }

    /// <summary>The last step whose code was used.</summary>
    public long FactorStep { get; set; }

    /// <summary>Failures of the second factor, counted apart: whoever knows the password must not clear them with it.</summary>
    public int FactorFailed { get; set; }

    public long FactorLockedUntil { get; set; }

    public bool Disabled { get; set; }

    public bool Demo { get; set; }
}

/// <summary>A code that stands in for the second factor once.</summary>
internal sealed class RecoveryCodeRow
{
    public string UserId { get; set; } = "";

    public string Hash { get; set; } = "";
}

/// <summary>Who is signed in.</summary>
internal sealed class UserSessionRow
{
    public string Id { get; set; } = "";

    public string UserId { get; set; } = "";

    /// <summary>When a page was last used.</summary>
    public long Used { get; set; }

    public long Expires { get; set; }
}

/// <summary>Failures to sign in from one address, or of whatever else is counted: the name says.</summary>
internal sealed class SignInAddressRow
{
    public string Address { get; set; } = "";

    public int Failed { get; set; }

    public long Expires { get; set; }
}

/// <summary>An authorization request that waits for a person, under the hash of its id.</summary>
internal sealed class InteractionRow
{
    public string Hash { get; set; } = "";

    /// <summary>The request as JSON.</summary>
    public string Request { get; set; } = "";

    /// <summary>The decision as JSON, once it is made.</summary>
    public string? Decision { get; set; }

    /// <summary>Hash of what the browser keeps that it is bound to.</summary>
    public string? Browser { get; set; }

    public long Expires { get; set; }
}

/// <summary>What a user last granted to a client.</summary>
internal sealed class RememberedConsentRow
{
    public string UserId { get; set; } = "";

    public string ClientId { get; set; } = "";

    /// <summary>Separated by blanks.</summary>
    public string Scopes { get; set; } = "";
}
