using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// SMART Backend Services: who works without a user proves itself with a signature. A secret is enough for a client of the demonstration
/// only, so that a newcomer gets a token with one command.
/// </summary>
internal sealed class TokenScopes(IClients clients) : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>()
            .UseScopedHandler<TokenScopes>()
            .SetOrder(Exchange.ValidateAuthentication.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        if (!context.Request.IsClientCredentialsGrantType())
        {
            return;
        }

        if (await clients.FindAsync(context.ClientId ?? "", context.CancellationToken) is not { } client
            || !(client.IsDemo || (client.Kind == ClientKind.Asymmetric && context.Request.ClientAssertion is not null)))
        {
            context.Reject(Errors.InvalidClient, "A client without a user proves itself with a signed assertion (private_key_jwt).");
        }
        else if (!client.IsBackend)
        {
            context.Reject(Errors.UnauthorizedClient, "This client does not work on its own behalf.");
        }
        else if (RequestedScopes.Reduce(context.Request.GetScopes(), client, scope => scope == ScopeContext.System) is not { } scopes
            || !scopes.Any(scope => SmartScope.Parse(scope) is not null))
        {
            context.Reject(Errors.InvalidScope, "The client may have none of these scopes.");
        }
    }
}
