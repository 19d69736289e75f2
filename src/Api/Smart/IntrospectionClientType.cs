using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>Demands a secret or assertion of a client that has one, as ever, unless it has shown a token (<see cref="IntrospectionBearer"/>).</summary>
internal sealed class IntrospectionClientType(IOpenIddictApplicationManager applications) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    private readonly ValidateClientType _usual = new(applications);

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientIdParameter>()
            .UseScopedHandler<IntrospectionClientType>()
            .SetOrder(ValidateClientType.Descriptor.Order)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ProcessAuthenticationContext context) =>
        context.Transaction.Properties.ContainsKey(IntrospectionBearer.Proved) ? ValueTask.CompletedTask : _usual.HandleAsync(context);
}
