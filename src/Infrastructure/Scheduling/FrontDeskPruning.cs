using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>
/// Removes proposals and receipts that have run out, reminders that were settled long ago, and calendar feeds of those whose access was
/// revoked. Any number of nodes may do it at once.
/// </summary>
internal sealed class FrontDeskPruning(
    Proposals proposals, Receipts receipts, Reminders reminders, CalendarFeeds feeds, TimeProvider clock, ILogger<FrontDeskPruning> logger)
    : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMinutes(5);

    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await proposals.PruneAsync(cancellationToken);
        await receipts.PruneAsync(cancellationToken);
        await reminders.PruneAsync(cancellationToken);
        await feeds.PruneAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await PruneAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "What the front desk no longer needs could not be removed; the next try is in {Minutes} min", _period.TotalMinutes);
            }
        }
    }
}
