using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using TeleFhir.Api.CommandLine;
using TeleFhir.Api.Demo;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Api.Hosting;
using TeleFhir.Api.OpenApi;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Validation;
using TeleFhir.Infrastructure;

namespace TeleFhir.Api;

/// <summary>Everything that is registered, in the order of the slices.</summary>
internal static class Composition
{
    public static void AddTeleFhir(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<TeleFhirOptions>().Bind(builder.Configuration).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TeleFhirOptions>, TeleFhirOptionsValidator>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<TeleFhirOptions>>().Value);
        services.AddOptions<HostOptions>().Configure<TeleFhirOptions>((host, options) => host.ShutdownTimeout = options.Limits.ShutdownTimeout);

        services.AddTeleFhirInfrastructure(Storage);
        services.AddHostedService<DatabaseStart>();
        services.AddHostedService<DemoSeed>();
        services.AddHostedService<StartBanner>();

        services.AddSingleton(provider => new SearchQueryParser(
            provider.GetRequiredService<SearchParameterCatalog>(),
            LimitsOf(provider.GetRequiredService<TeleFhirOptions>()),
            provider.GetRequiredService<FhirAddress>().Base,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PageLinkKey>();
        services.AddSingleton(provider => new PageToken(provider.GetRequiredService<PageLinkKey>().Bytes));
        services.AddSingleton(provider => new HistoryToken(provider.GetRequiredService<PageLinkKey>().Bytes));
        services.AddSingleton<FhirAddress>();
        services.AddSingleton<ResourceValidator>();
        services.AddSingleton<FhirServer>();
        services.AddSingleton<Callers>();
        services.AddSingleton<ImportPlanner>();
        services.AddSingleton<CapabilityDocument>();

        services.AddFhirOpenApi();

        services.AddRequestTimeLimits();
        services.AddCompression();
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, CrossOrigin>();
        services.AddTelemetry();
    }

    private static SearchLimits LimitsOf(TeleFhirOptions options) =>
        new() { DefaultCount = options.Search.DefaultCount, MaxCount = options.Search.MaxCount };

    private static StorageSettings Storage(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<TeleFhirOptions>();
        return new StorageSettings
        {
            Provider = Enum.Parse<DatabaseProvider>(options.Database.Provider),
            ConnectionString = options.ConnectionStrings.TeleFhir,
            DefaultTotalLimit = options.Search.DefaultTotalLimit,
            PublicBaseUrl = provider.GetRequiredService<FhirAddress>().Base,
        };
    }
}
