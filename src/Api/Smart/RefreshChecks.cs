using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>
/// A refresh token is worth what its user is now: nothing where the account is disabled, or online access whose session has ended.
/// And it works once: of those who show it at the same moment one gets an answer.
/// </summary>
internal sealed class RefreshChecks(IUserDirectory users, ISessions sessions, ISingleUse uses, TimeProvider clock) : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    // By then the one who got it has noted the use in the token itself; where that failed, the token can be tried again.
    private static readonly TimeSpan _moment = TimeSpan.FromMinutes(1);

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
        else if (context.Request.IsRefreshTokenGrantType()
            && !await uses.TryUseAsync("refresh_token", principal.GetTokenId()!, clock.GetUtcNow() + _moment, context.CancellationToken))
        {
            context.Reject(Errors.InvalidGrant, "The refresh token is being used.");
        }
    }
}
