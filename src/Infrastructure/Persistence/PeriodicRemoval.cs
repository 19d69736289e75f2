using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Removes now and then what is needed no longer. Any number of nodes may do it at once.</summary>
internal abstract class PeriodicRemoval(TimeSpan period, TimeProvider clock, ILogger logger) : BackgroundService
{
    protected TimeProvider Clock { get; } = clock;

    public abstract Task PruneAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, Clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await PruneAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "What is needed no longer could not be removed; the next try is in {Minutes} min", period.TotalMinutes);
            }
        }
    }
}
