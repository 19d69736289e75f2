using System.Collections.Immutable;
using TeleFhir.Domain.Changes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Changes;

/// <summary>Keeps what follows from changes in rows that are committed with the taking of the changes: each exactly once.</summary>
internal interface IChangeRecorder
{
    /// <summary>What it remembers is no longer sure: another server took changes, or what was made of the last ones was not committed.</summary>
    void Forget()
    {
    }

    /// <summary>Finds out what it wants. Called when changes are waiting, after they were seen: what led to them is committed by then.</summary>
    Task PrepareAsync(IReadOnlyList<OutboxRow> waiting, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether it has anything to do with resources of this type.</summary>
    bool Wants(string type);

    /// <summary>Adds rows. It runs outside the transaction and may run again for the same changes, whose rows then were not committed.</summary>
    Task RecordAsync(ImmutableArray<CommittedChange> changes, RowBatch rows, CancellationToken cancellationToken);
}
