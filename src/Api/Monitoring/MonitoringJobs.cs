namespace TeleFhir.Api.Monitoring;

/// <summary>What monitoring does though nobody asks. Every server does it; the database decides who of them tells what.</summary>
internal sealed partial class MonitoringJobs(MissingReadings missing, TeleFhirOptions options, TimeProvider clock, ILogger<MonitoringJobs> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Monitoring.LookEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await missing.RunAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, fault);
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Silent devices could not be looked for; it is tried again")]
    private static partial void Failed(ILogger logger, Exception fault);
}
