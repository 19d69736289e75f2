using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>Refuses an assertion of a kind that there is not, as a fault of the request and not of the client.</summary>
internal sealed class ClientProof : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>()
            .UseSingletonHandler<ClientProof>()
            .SetOrder(Exchange.ValidateClientCredentialsParameters.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        if (context.Request.ClientAssertionType is { } type && type != ClientAssertionTypes.JwtBearer)
        {
            context.Reject(Errors.InvalidRequest, "The parameter 'client_assertion_type' must be jwt-bearer.");
        }

        return ValueTask.CompletedTask;
    }
}
