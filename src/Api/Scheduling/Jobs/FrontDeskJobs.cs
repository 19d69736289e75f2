using TeleFhir.Api.Scheduling.Reminders;

namespace TeleFhir.Api.Scheduling.Jobs;

/// <summary>
/// What the front desk does though nobody asks: reminds, ends holds, and closes what was missed. Every server does it; the database decides
/// who of them does which.
/// </summary>
internal sealed partial class FrontDeskJobs(
    ReminderDelivery reminders,
    RunOutHolds holds,
    MissedAppointments missed,
    UntakenTimes untaken,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<FrontDeskJobs> logger)
    : BackgroundService
{
    private static readonly TimeSpan _often = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _seldom = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Where this server is, which messages tell, is known once it listens.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        await Task.WhenAll(
            TryAsync("the time that stored appointments take", untaken.RunAsync, stoppingToken),
            RepeatAsync("reminders", _often, reminders.RunAsync, stoppingToken),
            RepeatAsync("holds", _often, holds.RunAsync, stoppingToken),
            RepeatAsync("missed appointments", _seldom, missed.RunAsync, stoppingToken));
    }

    private async Task RepeatAsync(string job, TimeSpan period, Func<CancellationToken, Task> run, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            await TryAsync(job, run, stopping);
        }
    }

    private async Task TryAsync(string job, Func<CancellationToken, Task> run, CancellationToken stopping)
    {
        try
        {
            await run(stopping);
        }
        catch (Exception fault) when (!stopping.IsCancellationRequested)
        {
            Failed(logger, fault, job);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "The front desk could not see to its {Job}; it tries again")]
    private static partial void Failed(ILogger logger, Exception fault, string job);
}
