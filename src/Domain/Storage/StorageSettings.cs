using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Storage;

/// <summary>The databases that are supported.</summary>
public enum DatabaseProvider
{
    /// <summary>A file of this machine, nothing to install; one server process.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or later; any number of server processes.</summary>
    PostgreSql,
}

/// <summary>Which database to use, and what a search may cost.</summary>
public sealed record StorageSettings
{
    /// <summary>The kind of database.</summary>
    public DatabaseProvider Provider { get; init; }

    /// <summary>The connection string of that kind; for SQLite <c>Data Source=file</c>, whose folder is made where it is missing.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Totals above this are given only when a client asks for them.</summary>
    public int DefaultTotalLimit { get; init; } = 1000;

    /// <summary>Which patients' records clinicians reach.</summary>
    public UserPolicy UserPolicy { get; init; }

    /// <summary>Whether the words of whole resources are indexed, for <c>_content</c>; it makes every write dearer.</summary>
    public bool IndexContent { get; init; }

    /// <summary>Whether references must lead to resources that are there, and resources that are referred to may not be deleted.</summary>
    public bool EnforceReferences { get; init; }

    /// <summary>The FHIR base as clients see it: a reference to an address under it is a reference to a resource here.</summary>
    public string? PublicBaseUrl { get; init; }

    /// <summary>No access token is accepted that lives longer; so long is a revocation remembered.</summary>
    public TimeSpan LongestTokenLife { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A secret for the hashes of the audit trail, the same on every node and for ever; empty for none.</summary>
    public ReadOnlyMemory<byte> AuditKey { get; init; }
}
