using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>Looks for what is to be delivered, all the time, and now and then for what is to be ended or forgotten. Every server does it.</summary>
internal sealed partial class SubscriptionJobs(
    SubscriptionDelivery delivery, ISubscriptions subscriptions, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<SubscriptionJobs> logger)
    : BackgroundService
{
    private static readonly TimeSpan _often = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _seldom = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _rarely = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Where this server is, which notifications tell, is known once it listens.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        try
        {
            await started.Task.WaitAsync(stoppingToken);
            await Task.WhenAll(
                RepeatAsync("deliveries", _often, delivery.StartDueAsync, stoppingToken),
                RepeatAsync("owners", _seldom, delivery.EndRevokedAsync, stoppingToken),
                RepeatAsync("old events", _rarely, subscriptions.PruneAsync, stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await delivery.FinishAsync();
        }
    }

    private async Task RepeatAsync(string job, TimeSpan period, Func<CancellationToken, Task> run, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, clock);
        while (await timer.WaitForNextTickAsync(stopping))
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
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Subscriptions: {Job} could not be seen to; it is tried again")]
    private static partial void Failed(ILogger logger, Exception fault, string job);
}
