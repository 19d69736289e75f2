using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>A refresh token is worth what its user is now: nothing where the account is disabled, or online access whose session has ended.</summary>
internal sealed class RefreshChecks(IUserDirectory users, ISessions sessions) : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleTokenRequestContext>()
            .UseScopedHandler<RefreshChecks>()
            .SetOrder(int.MinValue + 100_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        var principal = context.Request.IsRefreshTokenGrantType() ? context.RefreshTokenPrincipal
            : context.Request.IsAuthorizationCodeGrantType() ? context.AuthorizationCodePrincipal
            : null;
        if (principal is null)
        {
            return;
        }

        if (await users.FindAsync(principal.GetClaim(Claims.Subject) ?? "", context.CancellationToken) is not { IsDisabled: false })
        {
            context.Reject(Errors.InvalidGrant, "The user may no longer sign in.");
        }
        else if (context.Request.IsRefreshTokenGrantType()
            && principal.HasScope(OnlineAccess.Scope)
            && !principal.HasScope(Scopes.OfflineAccess)
            && !(principal.GetClaim(SmartClaims.SessionId) is { } session && await sessions.IsAliveAsync(session, context.CancellationToken)))
        {
            context.Reject(Errors.InvalidGrant, "The user has signed out.");
        }
    }
}
