using Microsoft.Extensions.Options;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// The clients of the demonstration, whose secrets everybody knows: made in Development before the server listens, and elsewhere a
/// reason not to start.
/// </summary>
internal sealed class DemoClients(IClients clients, TeleFhirOptions options, IHostEnvironment environment) : IHostedLifecycleService
{
    public const string BackendId = "demo-backend";
    public const string BackendSecret = "demo-backend-secret";
    public const string AppId = "demo-app";

    private static readonly ClientRegistration _backend = new(BackendId, "Demo backend", ClientKind.Symmetric)
    {
        Scopes = ["system/*.cruds"],
        IsBackend = true,
        IsTrusted = true,
        MayIntrospect = true,
    };

    private static readonly ClientRegistration _app = new(AppId, "Demo app", ClientKind.Public)
    {
        RedirectUris = ["http://localhost:5080/app/", "http://localhost:3000/"],
        InitiateLoginUri = "http://localhost:5080/app/launch",
        Scopes = [.. ClientRules.Contexts, "patient/*.cruds", "user/*.cruds"],
        IsTrusted = true,
        IsDemo = true,
    };

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!environment.IsDevelopment() && (await clients.ListAsync(cancellationToken)).FirstOrDefault(client => client.IsDemo) is { } demo)
        {
            throw new OptionsValidationException(
                Options.DefaultName, typeof(TeleFhirOptions), [$"The database holds the client {demo.Id} of the demonstration; remove it before going into production."]);
        }

        if (environment.IsDevelopment() && options.Demo.Seed != false)
        {
            if (await clients.FindAsync(BackendId, cancellationToken) is null)
            {
                await clients.AddDemoAsync(_backend, BackendSecret, cancellationToken);
            }

            if (await clients.FindAsync(AppId, cancellationToken) is null)
            {
                await clients.AddAsync(_app, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
