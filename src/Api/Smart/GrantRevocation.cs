using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Revoking a refresh token ends the grant and everything issued under it (RFC 7009, 2.1); an access token ends alone. Either way the API
/// learns of it at once.
/// </summary>
internal sealed class GrantRevocation(IGrants grants, IRevocations revocations, AuthorizationEvents events)
    : IOpenIddictServerHandler<HandleRevocationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleRevocationRequestContext>()
            .UseScopedHandler<GrantRevocation>()
            .SetOrder(Revocation.RevokeToken.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleRevocationRequestContext context)
    {
        var token = context.GenericTokenPrincipal!;
        if (token.HasTokenType(TokenTypeIdentifiers.RefreshToken) && token.GetAuthorizationId() is { } grant)
        {
            await grants.RevokeAsync(grant, context.CancellationToken);
        }
        else if (token.GetClaim(Claims.JwtId) is { } id)
        {
            await revocations.AddAsync(RevokedKind.Token, id, context.CancellationToken);
        }

        await events.RecordAsync(context.Transaction, "revoke", token.GetPresenters().FirstOrDefault(), token.GetClaim(Claims.Subject));
    }
}
