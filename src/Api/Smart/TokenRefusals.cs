using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Records who was refused a token or a look at one: a client that could not prove who it is, or a code or token that is not good. What a
/// stranger calls itself is recorded as it is, since that is what there is. A wrong secret is counted (<see cref="IClientFailures"/>).
/// </summary>
internal sealed class TokenRefusals(
    AuthorizationEvents events, IClientFailures failures, SecurityAlerts alerts, ILogger<TokenRefusals> logger)
    : IOpenIddictServerHandler<ProcessErrorContext>
{
    private const int LongestName = 200;

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

        if (error == Errors.InvalidClient && SecretGuessing.GuessOf(context.Transaction) is { } client)
        {
            await CountAsync(context, client);
        }

        var request = context.Transaction.Request;
        var isAssertion = error == Errors.InvalidClient && request?.ClientAssertion is { Length: > 0 };
        await events.RecordAsync(
            context.Transaction,
            isAssertion ? "assertion-refused" : "token-refused",
            request?.ClientId ?? AssertionValidation.Read(request?.ClientAssertion)?.Issuer,
            null,
            error,
            error == Errors.InvalidClient ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest);
    }

    private async Task CountAsync(ProcessErrorContext context, string client)
    {
        var address = SecretGuessing.AddressOf(context.Transaction);
        switch (await failures.CountAsync(client, address, context.CancellationToken))
        {
            case ClientFailure.AddressTurnedAway:
                alerts.Count(SecurityAlerts.SecretGuessing);
                logger.LogWarning("Too many wrong secrets of client {Client} from {Address}, which has to wait", NameOf(client), address);
                break;
            case ClientFailure.ClientUnderAttack:
                alerts.Count(SecurityAlerts.SecretGuessingFromManyAddresses);
                logger.LogWarning("Wrong secrets of client {Client} come from many addresses; each of them has one failure only", NameOf(client));
                break;
        }
    }

    // A stranger chooses it.
    private static string NameOf(string client) => client.Length > LongestName ? client[..LongestName] : client;
}
