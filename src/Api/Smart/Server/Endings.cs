using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// Revoking a refresh token ends the whole grant, access tokens that are still running included (RFC 7009, 2.1); revoking an access token ends
/// that one.
/// </summary>
internal sealed class RevocationCascade(
    IOpenIddictTokenManager tokens, IOpenIddictAuthorizationManager authorizations, IRevocations revocations)
    : IOpenIddictServerHandler<HandleRevocationRequestContext>
{
    public async ValueTask HandleAsync(HandleRevocationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var principal = context.GenericTokenPrincipal;
        if (principal.GetTokenType() == OpenIddictConstants.TokenTypeIdentifiers.AccessToken)
        {
            if (principal.GetClaim(OpenIddictConstants.Claims.JwtId) is { } id)
            {
                await revocations.AddAsync(RevokedKind.Token, id, context.CancellationToken);
            }
        }
        else if (principal.GetAuthorizationId() is { } grant)
        {
            await tokens.RevokeByAuthorizationIdAsync(grant, context.CancellationToken);
            if (await authorizations.FindByIdAsync(grant, context.CancellationToken) is { } authorization)
            {
                await authorizations.TryRevokeAsync(authorization, context.CancellationToken);
            }

            await revocations.AddAsync(RevokedKind.Authorization, grant, context.CancellationToken);
        }
    }
}

/// <summary>
/// A code or refresh token that comes a second time is in two hands: OpenIddict ends its grant, and here the access tokens that are still
/// running learn of it.
/// </summary>
internal sealed class ReuseWatch(IOpenIddictTokenManager tokens, IRevocations revocations) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.TokenId is { } id
            && await tokens.FindByIdAsync(id, context.CancellationToken) is { } token
            && await tokens.HasStatusAsync(token, OpenIddictConstants.Statuses.Redeemed, context.CancellationToken)
            && await tokens.GetAuthorizationIdAsync(token, context.CancellationToken) is { } grant)
        {
            await revocations.AddAsync(RevokedKind.Authorization, grant, context.CancellationToken);
        }
    }
}

/// <summary>Tells who asks about a token what is in it: scope, patient and user (SMART 2.2, token introspection).</summary>
internal sealed class IntrospectionClaims : IOpenIddictServerHandler<HandleIntrospectionRequestContext>
{
    private static readonly string[] _told = [SmartClaims.Patient, SmartClaims.Encounter, SmartClaims.FhirUser];

    public ValueTask HandleAsync(HandleIntrospectionRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var principal = context.GenericTokenPrincipal;
        context.Scopes.UnionWith(principal.GetScopes());
        context.ClientId = principal.GetClaim(OpenIddictConstants.Claims.ClientId) ?? principal.GetPresenters().FirstOrDefault();
        foreach (var name in _told)
        {
            if (principal.GetClaim(name) is { } value)
            {
                context.Claims[name] = value;
            }
        }

        return default;
    }
}
