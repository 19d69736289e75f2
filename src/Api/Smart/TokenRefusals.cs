using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Records who was refused a token or a look at one: a client that could not prove who it is, or a code or token that is not good. What a
/// stranger calls itself is recorded as it is, since that is what there is.
/// </summary>
internal sealed class TokenRefusals(AuthorizationEvents events) : IOpenIddictServerHandler<ProcessErrorContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessErrorContext>()
            .UseScopedHandler<TokenRefusals>()
            .SetOrder(AttachErrorParameters.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessErrorContext context)
    {
        var error = context.Response.Error;
        if (error is not (Errors.InvalidClient or Errors.InvalidGrant or Errors.InvalidToken)
            || context.EndpointType is not (OpenIddictServerEndpointType.Token or OpenIddictServerEndpointType.Introspection or OpenIddictServerEndpointType.Revocation))
        {
            return;
        }

        var request = context.Transaction.Request;
        var isAssertion = error == Errors.InvalidClient && request?.ClientAssertion is { Length: > 0 };
        await events.RecordAsync(
            isAssertion ? "assertion-refused" : "token-refused",
            request?.ClientId ?? AssertionValidation.Read(request?.ClientAssertion)?.Issuer,
            null,
            context.CancellationToken,
            reason: error,
            status: error == Errors.InvalidClient ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest);
    }
}
