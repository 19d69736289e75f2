using TeleFhir.Domain.Async;

namespace TeleFhir.Api.Async;

/// <summary>
/// Runs accepted requests, a few at a time. A run is prolonged while it goes on, which also tells whether it was cancelled; when the server
/// stops, what runs is given the time that open requests have.
/// </summary>
internal sealed partial class AsyncWorker(
    IAsyncRequests requests,
    AsyncPipeline pipeline,
    TeleFhirOptions options,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<AsyncWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _hold = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _prolonged = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pruned = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Says that there is something to do.</summary>
    public void Wake() => _wake.Release();

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Background services start before the pipeline that requests go through is built.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        await Task.WhenAll(Enumerable.Range(0, options.Async.Workers).Select(_ => WorkAsync(stoppingToken)).Append(PruneAsync(stoppingToken)));
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (await requests.TakeAsync(_hold, stopping) is { } run)
                {
                    await RunAsync(run);
                }
                else
                {
                    await _wake.WaitAsync(_period, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                Failed(logger, fault);
                await Task.Delay(_period, clock, CancellationToken.None);
            }
        }
    }

    private async Task RunAsync(AsyncRun run)
    {
        using var cancelled = new CancellationTokenSource();
        var holding = HoldAsync(run, cancelled);
        try
        {
            var answer = run.IsLost ? AsyncPipeline.Lost(run.Request) : await AnswerAsync(run, cancelled.Token);
            if (answer is not null)
            {
                await requests.FinishAsync(run, answer, options.Async.AnswerKept, CancellationToken.None);
            }
        }
        finally
        {
            // A run whose answer could not be kept is not held either: another may take it.
            await cancelled.CancelAsync();
            await holding;
        }
    }

    private async Task<AsyncAnswer?> AnswerAsync(AsyncRun run, CancellationToken cancelled)
    {
        try
        {
            return await pipeline.RunAsync(run.Request, cancelled);
        }
        catch (Exception) when (cancelled.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            Failed(logger, fault);
            return AsyncPipeline.Failed();
        }
    }

    private async Task HoldAsync(AsyncRun run, CancellationTokenSource cancelled)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_prolonged, clock, cancelled.Token);
                if (!await requests.HoldAsync(run, _hold, cancelled.Token))
                {
                    await cancelled.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    private async Task PruneAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(_pruned, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await requests.PruneAsync(stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "An asynchronous request could not be run")]
    private static partial void Failed(ILogger logger, Exception fault);
}
