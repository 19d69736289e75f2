using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Hosting;

/// <summary>Brings the database up to date before the server listens, so that no request meets an old schema.</summary>
internal sealed class DatabaseStart(IDatabaseSchema schema, ILogger<DatabaseStart> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var applied = await schema.MigrateAsync(cancellationToken);
        if (applied > 0)
        {
            logger.LogInformation("{Count} database migrations applied", applied);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
