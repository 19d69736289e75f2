using System.Collections.Immutable;
using System.Net;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>What a commit leaves in the audit trail.</summary>
internal sealed partial class ResourceStore
{
    private const string AuditEvent = "AuditEvent";

    /// <summary>AuditEvents are written once: nobody changes or deletes one, and only the server chooses an id.</summary>
    private static void RefuseAuditEventChange(Caller caller, Change change)
    {
        if (change.Key.Type == AuditEvent && change is not CreateChange && caller.Kind != CallerKind.System)
        {
            throw FhirException.Of(
                HttpStatusCode.MethodNotAllowed,
                Hl7.Fhir.Model.OperationOutcome.IssueType.NotSupported,
                "AuditEvents are never changed or deleted.");
        }
    }

    /// <summary>The entry of the change set, completed by what became of it; null where none is asked for.</summary>
    /// <param name="changes">The changes, with those that followed from them.</param>
    /// <param name="results">What became of each.</param>
    /// <param name="stored">What they replaced.</param>
    /// <param name="asked">How many of the changes were asked for.</param>
    private static AuditEntry? EntryOf(
        ChangeSet changes, ImmutableArray<ChangeResult> results, IReadOnlyDictionary<long, ResourceRow> stored, int asked)
    {
        if (changes.Audit is not { } entry)
        {
            return null;
        }

        var touched = ImmutableArray.CreateBuilder<StoredResource>(results.Length);
        var names = entry.Resources.ToBuilder();
        foreach (var (change, result) in changes.Changes.Zip(results))
        {
            var replaced = stored.GetValueOrDefault(StorageHash.OfReference(change.Key.Type, change.Key.Id));
            if (result.Resource is not { } current)
            {
                names.Add(change.Key.ToString());
                continue;
            }

            // A deletion is of the record that the deleted content was of.
            touched.Add(current.IsDeleted && replaced is { Deleted: false } ? current with { Json = replaced.Raw } : current);
            if (result.Outcome == ChangeOutcome.Updated && replaced is not null)
            {
                // What is moved to another patient is touched in both records.
                var before = PatientScan.Run(change.Key, replaced.Raw);
                if (!before.SequenceEqual(PatientScan.Run(change.Key, current.Json.Span)))
                {
                    touched.Add(replaced.Stored());
                }
            }
        }

        return entry with
        {
            Status = entry.Status != 0 ? entry.Status : (int)StatusOf(results[..asked]),
            Touched = touched.ToImmutable(),
            Resources = names.ToImmutable(),
        };
    }

    private static HttpStatusCode StatusOf(ImmutableArray<ChangeResult> results) => results switch
    {
        [{ Outcome: ChangeOutcome.Created }] => HttpStatusCode.Created,
        [{ Outcome: ChangeOutcome.Deleted }] => HttpStatusCode.NoContent,
        _ => HttpStatusCode.OK,
    };

    /// <summary>Puts the entry among the rows, so that both are durable together or neither is.</summary>
    private AuditIntakeRow? Enter(RowBatch batch, AuditEntry? entry)
    {
        if (entry is null || batch.IsEmpty)
        {
            return null;
        }

        var intake = new AuditIntakeRow
        {
            Key = keys.Next(),
            Recorded = clock.GetUtcNow().UtcTicks,
            Payload = AuditRecordJson.Write(AuditRecord.Of(entry)),
        };
        batch.AuditIntake.Add(intake);
        return intake;
    }

    /// <summary>Hands on what was committed; what changed nothing is recorded as well.</summary>
    private ValueTask RecordAsync(AuditEntry? entry, AuditIntakeRow? intake, CancellationToken cancellationToken)
    {
        if (intake is not null)
        {
            trail.Take(intake);
            return default;
        }

        return entry is null ? default : trail.RecordAsync(entry, cancellationToken);
    }
}
