namespace TeleFhir.Infrastructure.Audit;

/// <summary>A page of the audit log; never changed and never deleted, which triggers hold everybody to.</summary>
internal sealed class AuditLogRow
{
    public string Chain { get; set; } = "";

    public long Sequence { get; set; }

    public int Entries { get; set; }

    public long Recorded { get; set; }

    public byte[] Payload { get; set; } = [];

    public byte[] Hash { get; set; } = [];
}

/// <summary>Where a chain ends; written with each page of it.</summary>
internal sealed class AuditChainRow
{
    public string Chain { get; set; } = "";

    /// <summary>The number of the next entry.</summary>
    public long Next { get; set; }

    /// <summary>The hash of the last page.</summary>
    public byte[] Hash { get; set; } = [];

    public long Updated { get; set; }
}

/// <summary>How much of a chain has become AuditEvents.</summary>
internal sealed class AuditProgressRow
{
    public string Chain { get; set; } = "";

    /// <summary>All entries below this number have.</summary>
    public long Done { get; set; }
}

/// <summary>
/// A record that was committed with the change it is about and waits, usually for milliseconds, for its place in a chain: transactions
/// end in any order, and a chain needs one.
/// </summary>
internal sealed class AuditIntakeRow
{
    public long Key { get; set; }

    public long Recorded { get; set; }

    public byte[] Payload { get; set; } = [];
}

/// <summary>An emergency access that was granted.</summary>
internal sealed class EmergencyAccessRow
{
    public long Key { get; set; }

    public string UserId { get; set; } = "";

    public string Patient { get; set; } = "";

    public string Reason { get; set; } = "";

    public long Granted { get; set; }

    /// <summary>When it ends or was ended.</summary>
    public long Until { get; set; }
}
