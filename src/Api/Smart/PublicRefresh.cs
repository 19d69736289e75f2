using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>
/// A public client may refresh without saying who it is, as the common client library does: its refresh token says so. One that has
/// something to prove itself with must.
/// </summary>
internal sealed class PublicRefresh(IOpenIddictTokenManager tokens, IOpenIddictApplicationManager applications)
    : IOpenIddictServerHandler<ExtractTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ExtractTokenRequestContext>()
            .UseScopedHandler<PublicRefresh>()
            .SetOrder(int.MaxValue - 100_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ExtractTokenRequestContext context)
    {
        if (context.Request is not { RefreshToken: { Length: > 0 } refreshToken, ClientId: null, ClientAssertion: null, ClientSecret: null } request
            || !request.IsRefreshTokenGrantType()
            || await tokens.FindByReferenceIdAsync(refreshToken, context.CancellationToken) is not { } token
            || await tokens.GetApplicationIdAsync(token, context.CancellationToken) is not { } id
            || await applications.FindByIdAsync(id, context.CancellationToken) is not { } application
            || !await applications.HasClientTypeAsync(application, ClientTypes.Public, context.CancellationToken))
        {
            return;
        }

        request.ClientId = await applications.GetClientIdAsync(application, context.CancellationToken);
    }
}
