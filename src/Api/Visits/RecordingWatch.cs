namespace TeleFhir.Api.Visits;

/// <summary>Looks every second whether what is recorded still may be: consent is withdrawn, and runs out, without a word to the room.</summary>
internal sealed partial class RecordingWatch(RecordVisit record, TimeProvider clock, ILogger<RecordingWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await record.LookAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, fault);
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Recordings could not be looked after; the next try is in a second")]
    private static partial void Failed(ILogger logger, Exception fault);
}
