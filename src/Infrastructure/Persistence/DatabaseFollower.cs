using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Memory that follows the database, so that requests need not ask it: read before the server listens (hosted services start first, and
/// migrations ran before those), and again every so often, since other nodes write too.
/// </summary>
/// <param name="period">How far memory may be behind the database.</param>
/// <param name="clock">Tells when it is time.</param>
/// <param name="logger">Learns of reads that failed.</param>
internal abstract class DatabaseFollower(TimeSpan period, TimeProvider clock, ILogger logger) : BackgroundService
{
    private readonly SemaphoreSlim _reading = new(1, 1);

    protected TimeProvider Clock => clock;

    /// <summary>Takes in what has been written, by whichever node.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            await ReadAsync(cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    /// <summary>Reads; one at a time.</summary>
    protected abstract Task ReadAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // What is known stays known; requests meet the same database and fail by themselves.
                logger.LogWarning(exception, "{What} could not be read; the next try is in {Seconds} s", GetType().Name, period.TotalSeconds);
            }
        }
    }
}
