using System.Collections.Immutable;
using TeleFhir.Domain.Changes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Changes;

/// <summary>Keeps what follows from changes in rows that are committed with the taking of the changes: each exactly once.</summary>
internal interface IChangeRecorder
{
    /// <summary>Whether it has anything to do with resources of this type.</summary>
    bool Wants(string type);

    /// <summary>Adds rows. It runs outside the transaction and may run again for the same changes, whose rows then were not committed.</summary>
    Task RecordAsync(ImmutableArray<CommittedChange> changes, RowBatch rows, CancellationToken cancellationToken);
}
