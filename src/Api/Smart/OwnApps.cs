using System.Collections.Immutable;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>An application that this server serves itself: a client like any other, with no rights of its own.</summary>
/// <param name="ClientId">Its <c>client_id</c>.</param>
/// <param name="Name">For people.</param>
/// <param name="ReturnPath">Where on this server people come back to after signing in.</param>
/// <param name="Scopes">The most that it may ask for.</param>
/// <param name="LaunchPath">Where on this server an EHR opens it; null where none does.</param>
internal sealed record OwnApp(string ClientId, string Name, string ReturnPath, ImmutableArray<string> Scopes, string? LaunchPath = null);

/// <summary>Registers the applications that this server serves itself with the embedded authorization server.</summary>
internal sealed class OwnApps(
    IEnumerable<OwnApp> apps, IClients clients, FhirAddress address, IConfiguration configuration, ILogger<OwnApps> logger) : IHostedLifecycleService
{
    /// <summary>Not before the server listens: only then its address is known.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!SmartServer.IsWanted(configuration))
        {
            return;
        }

        foreach (var app in apps)
        {
            try
            {
                await RegisterAsync(app, cancellationToken);
            }
            catch (ClientMetadataException refused)
            {
                // Another node was faster, or the address is plain http and not of this machine.
                logger.LogInformation("{App} is not registered: {Reason}", app.ClientId, refused.Message);
            }
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RegisterAsync(OwnApp app, CancellationToken cancellationToken)
    {
        var origin = new Uri(address.Base).GetLeftPart(UriPartial.Authority);
        var wanted = new ClientRegistration(app.ClientId, app.Name, ClientKind.Public)
        {
            RedirectUris = [origin + app.ReturnPath],
            InitiateLoginUri = app.LaunchPath is null ? null : origin + app.LaunchPath,
            Scopes = app.Scopes,
            IsTrusted = true,
        };
        var known = await clients.FindAsync(app.ClientId, cancellationToken);
        if (known is null)
        {
            await clients.AddAsync(wanted, cancellationToken);
        }
        else if (!known.RedirectUris.SequenceEqual(wanted.RedirectUris) || !known.Scopes.SequenceEqual(wanted.Scopes)
            || known.InitiateLoginUri != wanted.InitiateLoginUri)
        {
            await clients.ChangeAsync(wanted, cancellationToken);
        }
    }
}
