using System.Collections.Immutable;

namespace TeleFhir.Domain.Access;

/// <summary>A clinician's access to one patient's record beyond what the rules give, for a reason and a time.</summary>
/// <param name="UserId">Who broke the glass.</param>
/// <param name="Patient">Id of the patient.</param>
/// <param name="Reason">Why, as the clinician wrote it.</param>
/// <param name="Granted">When.</param>
/// <param name="Until">When it ends by itself; exclusive.</param>
public sealed record EmergencyGrant(string UserId, string Patient, string Reason, DateTimeOffset Granted, DateTimeOffset Until);

/// <summary>
/// Who has broken the glass to whose record. Every node looks into its memory, which follows the database by a few seconds at most; on
/// the node that grants or ends one it holds at once. A grant ends by itself to the second on every node.
/// </summary>
public interface IEmergencyAccess
{
    /// <summary>Ids of the patients whose records are open to this user now; without I/O, for every request.</summary>
    ImmutableArray<string> PatientsOf(string userId);

    /// <summary>Opens a record; one that is open already stays open until the later end. The entry is durable with the grant or neither is.</summary>
    Task GrantAsync(EmergencyGrant grant, AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Closes it before its time, with the entry; false, and no entry, where it was not open.</summary>
    Task<bool> EndAsync(string userId, string patient, AuditEntry entry, CancellationToken cancellationToken);
}
