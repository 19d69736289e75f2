using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Changes;

/// <inheritdoc cref="IChangeEvents" />
internal sealed class ChangeEvents(Database database, ChangeSignal signal) : IChangeEvents
{
    public async Task RaiseAsync(string name, ResourceKey focus, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, OutboxRow.LongestEvent, nameof(name));
        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        var rows = await session.LoadForUpdateAsync([StorageHash.OfReference(focus.Type, focus.Id)], cancellationToken);
        if (rows.Values.SingleOrDefault() is not { Deleted: false } row)
        {
            return;
        }

        var batch = new RowBatch();
        batch.Outbox.Add(new OutboxRow { Key = row.Key, Version = row.Version, Method = row.Method, Type = row.Type, Event = name });
        await session.CommitAsync(batch, cancellationToken);
        signal.Set();
    }
}
