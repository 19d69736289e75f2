using System.Collections.Immutable;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>What OpenID Connect discovery says beyond what OpenIddict knows of itself.</summary>
internal sealed class MetadataMembers(SmartAddresses addresses) : IOpenIddictServerHandler<HandleConfigurationRequestContext>
{
    public static readonly ImmutableArray<string?> SigningAlgorithms = ["RS384", "ES384"];

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleConfigurationRequestContext>()
            .UseSingletonHandler<MetadataMembers>()
            .SetOrder(int.MaxValue - 100_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleConfigurationRequestContext context)
    {
        context.Metadata["registration_endpoint"] = addresses.Of(SmartAddresses.RegisterPath);
        context.Metadata["token_endpoint_auth_signing_alg_values_supported"] = SigningAlgorithms;
        context.TokenEndpointAuthenticationMethods.Add("none");
        return ValueTask.CompletedTask;
    }
}
