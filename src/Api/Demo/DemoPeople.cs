using System.Text.Json;
using OpenIddict.Abstractions;
using TeleFhir.Api.Smart.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Demo;

/// <summary>
/// The demo's users and clients, for Development only: their secrets are in the documentation. Elsewhere a database that holds one of them
/// stops the start.
/// </summary>
internal sealed class DemoPeople(
    IServiceScopeFactory scopes, IUserAccounts users, TeleFhirOptions options, IHostEnvironment environment) : IHostedService
{
    private const string Password = "Telefhir-demo-1";
    private const string Backend = "demo-backend";
    private const string App = "demo-app";

    private static readonly UserAccount[] _users =
    [
        new("demo-patient", "patient", "Amy Rivera", UserRole.Patient, "Patient/demo-amy", Confidentiality.Normal, false, false),
        new("demo-clinician", "clinician", "Dr. Lee", UserRole.Clinician, "Practitioner/demo-lee", Confidentiality.Normal, false, false),
        new("demo-admin", "admin", "Demo administrator", UserRole.Administrator, null, Confidentiality.Normal, false, false),
    ];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (DemoSeed.IsWanted(options, environment))
        {
            await SeedAsync(applications, cancellationToken);
        }
        else if (environment.IsProduction() && await IsAnyHereAsync(applications, cancellationToken))
        {
            throw new InvalidOperationException("The database holds demo users or clients, whose passwords everybody knows. Remove them first.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task SeedAsync(IOpenIddictApplicationManager applications, CancellationToken cancellationToken)
    {
        foreach (var user in _users)
        {
            if (!await users.ExistsAsync(user.UserName, cancellationToken))
            {
                await users.AddAsync(user, Password, cancellationToken);
            }
        }

        foreach (var client in (OpenIddictApplicationDescriptor[])[BackendClient(), AppClient()])
        {
            if (await applications.FindByClientIdAsync(client.ClientId!, cancellationToken) is null)
            {
                await applications.CreateAsync(client, cancellationToken);
            }
        }
    }

    private async Task<bool> IsAnyHereAsync(IOpenIddictApplicationManager applications, CancellationToken cancellationToken)
    {
        foreach (var user in _users)
        {
            if (await users.FindAsync(user.Id, cancellationToken) is not null)
            {
                return true;
            }
        }

        return await applications.FindByClientIdAsync(Backend, cancellationToken) is not null
            || await applications.FindByClientIdAsync(App, cancellationToken) is not null;
    }

    private static OpenIddictApplicationDescriptor BackendClient() => new()
    {
        ClientId = Backend,
        ClientSecret = "demo-backend-secret",
        DisplayName = "Demo backend",
        ClientType = ClientTypes.Confidential,
        Permissions = { Permissions.Endpoints.Token, Permissions.Endpoints.Introspection, Permissions.Endpoints.Revocation, Permissions.GrantTypes.ClientCredentials },
        Properties =
        {
            [ClientProfile.Scopes] = JsonSerializer.SerializeToElement("system/*.cruds"),
            [ClientProfile.SecretSuffices] = JsonSerializer.SerializeToElement(true),
        },
    };

    private static OpenIddictApplicationDescriptor AppClient() => new()
    {
        ClientId = App,
        DisplayName = "Demo app",
        ClientType = ClientTypes.Public,
        ConsentType = ConsentTypes.Explicit,
        RedirectUris = { new Uri("http://localhost:5080/app/"), new Uri("http://localhost:3000/") },
        Permissions =
        {
            Permissions.Endpoints.Authorization, Permissions.Endpoints.Token, Permissions.Endpoints.Revocation,
            Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken, Permissions.ResponseTypes.Code,
        },
        Properties =
        {
            [ClientProfile.Scopes] = JsonSerializer.SerializeToElement(
                "openid fhirUser profile launch launch/patient launch/encounter offline_access online_access patient/*.cruds user/*.cruds"),
            [ClientProfile.LaunchUri] = JsonSerializer.SerializeToElement("http://localhost:3000/launch.html"),
        },
    };
}
