using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Server;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>Registers what tells callers by their tokens.</summary>
internal static class BearerSetup
{
    public static IServiceCollection AddBearerTokens(this IServiceCollection services)
    {
        IssuerClient.AddTo(services);
        services.AddSingleton(provider => new EmbeddedKeys(
            provider.GetRequiredService<FhirAddress>(), () => provider.GetRequiredService<ServerKeys>().Current));
        services.AddSingleton<Issuers>();
        services.AddSingleton<BearerTokens>();
        return services;
    }
}
