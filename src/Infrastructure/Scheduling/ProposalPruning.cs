using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>Removes proposals that have run out. Any number of nodes may do it at once.</summary>
internal sealed class ProposalPruning(Proposals proposals, TimeProvider clock, ILogger<ProposalPruning> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await proposals.PruneAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Proposals could not be removed; the next try is in {Minutes} min", _period.TotalMinutes);
            }
        }
    }
}
