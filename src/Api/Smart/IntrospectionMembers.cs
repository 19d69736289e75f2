using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>What a token allows and the launch context it was issued with, to a client that may ask about any token.</summary>
internal sealed class IntrospectionMembers(IRevocations revocations) : IOpenIddictServerHandler<HandleIntrospectionRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleIntrospectionRequestContext>()
            .UseScopedHandler<IntrospectionMembers>()
            .SetOrder(Introspection.AttachMetadataClaims.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleIntrospectionRequestContext context)
    {
        var token = context.GenericTokenPrincipal!;
        if (IsRevoked(token, revocations))
        {
            context.Reject(Errors.InvalidToken, "The token is not active.");
            return ValueTask.CompletedTask;
        }

        context.Scopes.UnionWith(token.GetScopes());
        context.ClientId ??= ClientOf(token);
        context.Subject ??= token.GetClaim(Claims.Subject);
        foreach (var (name, value) in SmartClaims.LaunchOf(token))
        {
            context.Claims[name] = value;
        }

        if (token.GetClaim(SmartClaims.FhirUser) is { } user)
        {
            context.Claims[SmartClaims.FhirUser] = user;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Whether the token, its grant, its user or its client was revoked after it was issued.</summary>
    public static bool IsRevoked(ClaimsPrincipal token, IRevocations revocations) => revocations.Contains(
        token.GetClaim(Claims.JwtId),
        token.GetAuthorizationId(),
        token.GetClaim(Claims.Subject),
        ClientOf(token),
        token.GetCreationDate() ?? DateTimeOffset.MinValue);

    private static string? ClientOf(ClaimsPrincipal token) => token.GetClaim(Claims.ClientId) ?? token.GetPresenters().FirstOrDefault();
}
