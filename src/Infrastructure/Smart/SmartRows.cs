namespace TeleFhir.Infrastructure.Smart;

/// <summary>A key that signs tokens; times are ticks in UTC, here as everywhere.</summary>
internal sealed class SigningKeyRow
{
    public int Number { get; set; }

    public string Id { get; set; } = "";

    public string Sealed { get; set; } = "";

    public long ActiveFrom { get; set; }
}

/// <summary>One element of the key ring.</summary>
internal sealed class KeyRingRow
{
    public string Name { get; set; } = "";

    public string Xml { get; set; } = "";
}

/// <summary>An EHR launch, under the hash of its token.</summary>
internal sealed class LaunchRow
{
    public string Hash { get; set; } = "";

    public string ClientId { get; set; } = "";

    public string UserId { get; set; } = "";

    public string? Patient { get; set; }

    public string? Encounter { get; set; }

    /// <summary>The intent and all else as JSON: no launch is ever found by it. The name is from when the column held the intent alone.</summary>
    public string? Intent { get; set; }

    public long Expires { get; set; }
}

/// <summary>Something that was used and works once, under a hash of whose it is and its id.</summary>
internal sealed class SingleUseRow
{
    public string Hash { get; set; } = "";

    public long Expires { get; set; }
}
