using System.Globalization;
using System.Net;
using Microsoft.AspNetCore;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Turns away whoever has tried too many secrets of a client (<see cref="IClientFailures"/>), before the one that is sent is looked at, with
/// 429 and the time to wait: a client that was set up wrongly learns that it is not its new secret that is wrong. The answer is the same
/// whether or not there is such a client and whether or not the secret is right. Those who come at the same moment are not counted one
/// before the other, since a count before the answer would be a write for every token; secrets have 256 random bits, so a few more
/// guesses are none.
/// </summary>
internal sealed class SecretGuessing(IClientFailures failures, AuthorizationEvents events) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    private const string HasFailed = "telefhir.has-failed";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .UseScopedHandler<SecretGuessing>()
            .SetOrder(ValidateClientId.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        if (GuessOf(context.Transaction) is not { } client)
        {
            return;
        }

        var http = context.Transaction.GetHttpRequest()!.HttpContext;
        var standing = await failures.FindAsync(client, AddressOf(context.Transaction), context.CancellationToken);
        if (standing.Wait is not { } wait)
        {
            context.Transaction.Properties[HasFailed] = standing.HasFailed;
            return;
        }

        http.Response.OnStarting(() =>
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        await events.RecordAsync(context.Transaction, "token-refused", client, null, "too_many_failures", StatusCodes.Status429TooManyRequests);
        context.Reject(Errors.TemporarilyUnavailable, "Too many failures of this client from this address; try again later.");
    }

    /// <summary>The client whose secret a request brings; null where it brings none.</summary>
    public static string? GuessOf(OpenIddictServerTransaction transaction) =>
        transaction.Request is { ClientId: { Length: > 0 } client, ClientSecret.Length: > 0 }
        && transaction.EndpointType is OpenIddictServerEndpointType.Token or OpenIddictServerEndpointType.Introspection or OpenIddictServerEndpointType.Revocation
            ? client
            : null;

    public static IPAddress? AddressOf(OpenIddictServerTransaction transaction) =>
        transaction.GetHttpRequest()!.HttpContext.Connection.RemoteIpAddress;

    /// <summary>Clears what an address has against it once it knows the secret; writes only where there is something.</summary>
    internal sealed class Success(IClientFailures failures) : IOpenIddictServerHandler<ProcessAuthenticationContext>
    {
        public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
            OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
                .UseScopedHandler<Success>()
                .SetOrder(ValidateClientSecret.Descriptor.Order + 500)
                .SetType(OpenIddictServerHandlerType.Custom)
                .Build();

        public async ValueTask HandleAsync(ProcessAuthenticationContext context)
        {
            if (context.Transaction.Properties.TryGetValue(HasFailed, out var failed) && failed is true && GuessOf(context.Transaction) is { } client)
            {
                await failures.ForgiveAsync(client, AddressOf(context.Transaction), context.CancellationToken);
            }
        }
    }
}
