namespace TeleFhir.Infrastructure.Smart;

/// <summary>An account. Times of all rows here are UTC ticks.</summary>
internal sealed class UserRow
{
    public string Id { get; set; } = "";

    /// <summary>As typed, upper case: what is unique.</summary>
    public string NormalName { get; set; } = "";

    public string UserName { get; set; } = "";

    public string DisplayName { get; set; } = "";

    public short Role { get; set; }

    public string? FhirUser { get; set; }

    public string PasswordHash { get; set; } = "";

    public short Clearance { get; set; }

    public bool Disabled { get; set; }

    /// <summary>Failures since the last success.</summary>
    public int Failures { get; set; }

    public long LockedUntil { get; set; }
}

/// <summary>A session; its key is the hash of what the browser has.</summary>
internal sealed class SessionRow
{
    public string Hash { get; set; } = "";

    public string UserId { get; set; } = "";

    public long Started { get; set; }

    public long Seen { get; set; }
}

/// <summary>An authorization request that waits for a person, as JSON.</summary>
internal sealed class InteractionRow
{
    public string Hash { get; set; } = "";

    public string Request { get; set; } = "";

    public string? Decision { get; set; }

    public long Expires { get; set; }
}

/// <summary>An EHR launch that waits for its app.</summary>
internal sealed class LaunchRow
{
    public string Hash { get; set; } = "";

    public string UserId { get; set; } = "";

    public string ClientId { get; set; } = "";

    public string Patient { get; set; } = "";

    public string? Encounter { get; set; }

    public string? Intent { get; set; }

    public long Expires { get; set; }
}

/// <summary>An assertion that was used, kept until it would have expired.</summary>
internal sealed class AssertionRow
{
    public string Hash { get; set; } = "";

    public long Expires { get; set; }
}

/// <summary>A signing key, sealed.</summary>
internal sealed class SigningKeyRow
{
    public string Id { get; set; } = "";

    public byte[] Sealed { get; set; } = [];

    public long Created { get; set; }
}

/// <summary>A key of the ring that seals everything else.</summary>
internal sealed class RingKeyRow
{
    public long Id { get; set; }

    public string Xml { get; set; } = "";
}
