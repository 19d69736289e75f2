using OpenIddict.Abstractions;

namespace TeleFhir.Api.Smart.Server;

/// <summary>Removes tokens and grants that have long run out: every token issued is a row.</summary>
internal sealed class Pruning(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Pruning> logger) : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromHours(1);
    private static readonly TimeSpan _kept = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var before = clock.GetUtcNow() - _kept;
                await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(before, stoppingToken);
                await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(before, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(failure, "Old tokens could not be removed; tried again in an hour");
            }
        }
    }
}
