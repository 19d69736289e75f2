using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Visits;

/// <summary>Registers the visit page with the embedded authorization server: it is an application like any other, with no rights of its own.</summary>
internal sealed class VisitClient(IClients clients, FhirAddress address, TeleFhirOptions options, IConfiguration configuration, ILogger<VisitClient> logger)
    : IHostedLifecycleService
{
    /// <summary>Not before the server listens: only then its address is known.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!SmartServer.IsWanted(configuration))
        {
            return;
        }

        var page = new ClientRegistration(options.Visits.ClientId, "Video visits", ClientKind.Public)
        {
            RedirectUris = [new Uri(address.Base).GetLeftPart(UriPartial.Authority) + VisitPage.SignedIn],
            Scopes = ["openid", "fhirUser", "online_access", "user/Encounter.ru"],
            IsTrusted = true,
        };
        try
        {
            var known = await clients.FindAsync(page.Id, cancellationToken);
            if (known is null)
            {
                await clients.AddAsync(page, cancellationToken);
            }
            else if (!known.RedirectUris.SequenceEqual(page.RedirectUris))
            {
                await clients.ChangeAsync(page, cancellationToken);
            }
        }
        catch (ClientMetadataException refused)
        {
            // Another node was faster, or the address is plain http and not of this machine, where no camera opens either.
            logger.LogInformation("The visit page is not registered: {Reason}", refused.Message);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
