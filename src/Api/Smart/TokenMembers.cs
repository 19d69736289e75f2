using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>The launch context beside the access token (SMART App Launch, Scopes and launch context), and always the scope.</summary>
internal sealed class TokenMembers(SmartAddresses addresses) : IOpenIddictServerHandler<ProcessSignInContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseSingletonHandler<TokenMembers>()
            .SetOrder(OpenIddictServerHandlers.AttachCustomSignInParameters.Descriptor.Order - 1000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ProcessSignInContext context)
    {
        if (context.EndpointType != OpenIddictServerEndpointType.Token || context.AccessTokenPrincipal is not { } token)
        {
            return ValueTask.CompletedTask;
        }

        context.Parameters["scope"] = string.Join(' ', token.GetScopes());
        foreach (var (name, value) in SmartClaims.LaunchOf(token))
        {
            context.Parameters[name] = value;
        }

        if (token.GetClaim(SmartClaims.Patient) is not null)
        {
            // No page of this server stays around the application to say whose record it is.
            context.Parameters["need_patient_banner"] = true;
            context.Parameters["smart_style_url"] = addresses.Of(SmartAddresses.StylePath);
        }

        return ValueTask.CompletedTask;
    }
}
