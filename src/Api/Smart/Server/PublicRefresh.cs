using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// A public client that refreshes without naming itself, as widely used libraries do, is the one that the refresh token was issued to. A
/// confidential client still has to prove itself.
/// </summary>
internal sealed class PublicRefresh(IOpenIddictTokenManager tokens, IOpenIddictApplicationManager applications)
    : IOpenIddictServerHandler<ExtractTokenRequestContext>
{
    public async ValueTask HandleAsync(ExtractTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Request is not { ClientId: null, ClientAssertion: null, RefreshToken: { } refresh } request || !request.IsRefreshTokenGrantType())
        {
            return;
        }

        if (await tokens.FindByReferenceIdAsync(refresh, context.CancellationToken) is { } token
            && await tokens.GetApplicationIdAsync(token, context.CancellationToken) is { } id
            && await applications.FindByIdAsync(id, context.CancellationToken) is { } application
            && await applications.HasClientTypeAsync(application, OpenIddictConstants.ClientTypes.Public, context.CancellationToken))
        {
            request.ClientId = await applications.GetClientIdAsync(application, context.CancellationToken);
        }
    }
}
