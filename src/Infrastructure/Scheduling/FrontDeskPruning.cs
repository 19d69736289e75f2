using Microsoft.Extensions.Logging;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>
/// Removes proposals and receipts that have run out, reminders that were settled long ago, and calendar feeds of those whose access was
/// revoked. Any number of nodes may do it at once.
/// </summary>
internal sealed class FrontDeskPruning(
    Proposals proposals, Receipts receipts, Reminders reminders, CalendarFeeds feeds, TimeProvider clock, ILogger<FrontDeskPruning> logger)
    : PeriodicRemoval(TimeSpan.FromMinutes(5), clock, logger)
{
    public override async Task PruneAsync(CancellationToken cancellationToken)
    {
        await proposals.PruneAsync(cancellationToken);
        await receipts.PruneAsync(cancellationToken);
        await reminders.PruneAsync(cancellationToken);
        await feeds.PruneAsync(cancellationToken);
    }
}
