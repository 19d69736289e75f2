using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// A code or refresh token that comes a second time was stolen, from one of the two who showed it. Which one cannot be told, so the whole
/// grant ends, access tokens that still run among it (RFC 9700, 4.14).
/// </summary>
internal sealed class ReuseDetection(
    IOpenIddictTokenManager tokens, IGrants grants, AuthorizationEvents events, SecurityAlerts alerts, ILogger<ReuseDetection> logger)
    : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseScopedHandler<ReuseDetection>()
            .SetOrder(Protection.ValidateTokenEntry.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (context.EndpointType != OpenIddictServerEndpointType.Token
            || context.Principal?.GetTokenId() is not { Length: > 0 } id
            || await tokens.FindByIdAsync(id, context.CancellationToken) is not { } token
            || !await tokens.HasStatusAsync(token, Statuses.Redeemed, context.CancellationToken)
            || await tokens.GetAuthorizationIdAsync(token, context.CancellationToken) is not { } grant)
        {
            return;
        }

        var client = context.Principal.GetPresenters().FirstOrDefault();
        logger.LogWarning("A code or refresh token of client {Client} was used twice; its grant is revoked", client);
        alerts.Count(SecurityAlerts.Reuse);
        await grants.RevokeAsync(grant, context.CancellationToken);
        await events.RecordAsync(
            context.Transaction, "reuse", client, context.Principal.GetClaim(Claims.Subject), status: StatusCodes.Status400BadRequest);
    }
}
