namespace TeleFhir.Domain.Fhir;

/// <summary>
/// What a caller does to resources, as the specification names it (https://hl7.org/fhir/R4/http.html).
/// Every route declares one; access is decided from it.
/// </summary>
public enum Interaction
{
    /// <summary>Read the current version.</summary>
    Read,

    /// <summary>Read a given version.</summary>
    VersionRead,

    /// <summary>Replace, or create under the id of the address.</summary>
    Update,

    /// <summary>Change parts of what is there.</summary>
    Patch,

    /// <summary>Delete one resource.</summary>
    Delete,

    /// <summary>History of one resource.</summary>
    HistoryInstance,

    /// <summary>History of one type.</summary>
    HistoryType,

    /// <summary>History of everything.</summary>
    HistorySystem,

    /// <summary>Create under an id that the server assigns.</summary>
    Create,

    /// <summary>Search one type.</summary>
    SearchType,

    /// <summary>Search across types.</summary>
    SearchSystem,

    /// <summary>All-or-nothing bundle.</summary>
    Transaction,

    /// <summary>Bundle of independent requests.</summary>
    Batch,

    /// <summary>The capability statement; public.</summary>
    Capabilities,

    /// <summary>An operation (https://hl7.org/fhir/R4/operations.html); what it needs beyond a known caller it demands itself.</summary>
    Operation,
}
