using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>What <c>/auth/userinfo</c> says of the user: what the id_token said, within the scopes of the token that asks.</summary>
internal sealed class UserClaims(IUserDirectory users, IRevocations revocations) : IOpenIddictServerHandler<HandleUserInfoRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleUserInfoRequestContext>()
            .UseScopedHandler<UserClaims>()
            .SetOrder(int.MaxValue - 100_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleUserInfoRequestContext context)
    {
        var token = context.AccessTokenPrincipal!;
        if (IntrospectionMembers.IsRevoked(token, revocations)
            || await users.FindAsync(token.GetClaim(Claims.Subject) ?? "", context.CancellationToken) is not { IsDisabled: false } user)
        {
            context.Reject(Errors.InvalidToken, "The token is not active.");
            return;
        }

        if (token.HasScope(Scopes.Profile))
        {
            context.Claims[Claims.Name] = user.DisplayName;
        }

        if ((token.HasScope(SmartClaims.FhirUser) || token.HasScope(Scopes.Profile)) && token.GetClaim(SmartClaims.FhirUser) is { } resource)
        {
            context.Claims[SmartClaims.FhirUser] = resource;
        }
    }
}
