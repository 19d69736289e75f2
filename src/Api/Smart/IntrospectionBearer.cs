using Microsoft.AspNetCore;
using OpenIddict.Server;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>Whoever may introspect may say who it is with an access token of its own as well (SMART App Launch, Token Introspection).</summary>
internal sealed class IntrospectionBearer(BearerTokens tokens) : IOpenIddictServerHandler<ExtractIntrospectionRequestContext>
{
    /// <summary>Marks a request whose client has been proved by a token.</summary>
    public const string Proved = "telefhir.proved";

    private const string Scheme = "Bearer ";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ExtractIntrospectionRequestContext>()
            .UseScopedHandler<IntrospectionBearer>()
            .SetOrder(int.MaxValue - 100_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ExtractIntrospectionRequestContext context)
    {
        var header = context.Transaction.GetHttpRequest()?.Headers.Authorization.ToString() ?? "";
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var admission = await tokens.AdmitAsync(header[Scheme.Length..], context.CancellationToken);
        if (admission.Verdict != Verdict.Admitted || admission.Caller is not { Kind: CallerKind.Client, ClientId: { } client })
        {
            context.Reject(Errors.InvalidClient, "The bearer token is not one of a client that may introspect.");
            return;
        }

        context.Request!.ClientId = client;
        context.Transaction.Properties[Proved] = true;
    }
}
