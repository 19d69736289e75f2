using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Sends an error of an authorization request to the application (RFC 6749, 4.1.2.1), where its redirect address is known to be its own;
/// otherwise the person in front of the browser sees it here.
/// </summary>
internal sealed class AuthorizationErrors : IOpenIddictServerHandler<ApplyAuthorizationResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyAuthorizationResponseContext>()
            .UseSingletonHandler<AuthorizationErrors>()
            .SetOrder(Authentication.AttachRedirectUri.Descriptor.Order + 100)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ApplyAuthorizationResponseContext context)
    {
        if (context.RedirectUri is null && context.Error is { Length: > 0 }
            && context.Transaction.Properties.TryGetValue(AuthorizationChecks.RedirectUri, out var address))
        {
            context.RedirectUri = (string?)address;
        }

        return ValueTask.CompletedTask;
    }
}
