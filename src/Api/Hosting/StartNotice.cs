using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Hosting;

/// <summary>Tells whoever started the server for the first time where things are, with one command that works.</summary>
internal sealed class StartNotice(FhirAddress address, IHostEnvironment environment, ILogger<StartNotice> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment())
        {
            logger.LogInformation(
                "The FHIR base is {Base}. Pages for people are at {Home}. Try: curl '{Example}/Patient?_pretty=true'",
                address.Base,
                new Uri(new Uri(address.Base), "/"),
                address.Base);
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
