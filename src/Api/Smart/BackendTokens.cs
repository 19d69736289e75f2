using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>Gives a client that works on its own behalf its token: what it asked for within what it was given, and nothing to refresh.</summary>
internal sealed class BackendTokens(IClients clients, SmartAddresses addresses, AuthorizationEvents events)
    : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleTokenRequestContext>()
            .UseScopedHandler<BackendTokens>()
            .SetOrder(int.MinValue + 50_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        if (!context.Request.IsClientCredentialsGrantType())
        {
            return;
        }

        var client = (await clients.FindAsync(context.ClientId!, context.CancellationToken))!;
        var scopes = RequestedScopes.Reduce(context.Request.GetScopes(), client, scope => scope == ScopeContext.System)!.Value;
        var identity = new ClaimsIdentity("telefhir", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, client.Id);
        identity.SetScopes(scopes.Where(scope => SmartScope.Parse(scope) is not null));
        identity.SetResources(addresses.FhirBase);
        identity.SetDestinations(static _ => [Destinations.AccessToken]);
        await events.RecordAsync(context.Transaction, "backend-token", client.Id, null);
        context.SignIn(new ClaimsPrincipal(identity));
    }
}
