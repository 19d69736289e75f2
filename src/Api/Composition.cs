using System.Globalization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using TeleFhir.Api.Async;
using TeleFhir.Api.Binaries;
using TeleFhir.Api.CommandLine;
using TeleFhir.Api.Demo;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Api.Hosting;
using TeleFhir.Api.Monitoring;
using TeleFhir.Api.OpenApi;
using TeleFhir.Api.Portal;
using TeleFhir.Api.Scheduling;
using TeleFhir.Api.Smart;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Api.Smart.Pages;
using TeleFhir.Api.Subscriptions;
using TeleFhir.Api.Visits;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Terminology;
using TeleFhir.Domain.Validation;
using TeleFhir.Infrastructure;

namespace TeleFhir.Api;

/// <summary>Everything that is registered, in the order of the slices.</summary>
internal static class Composition
{
    public static void AddTeleFhir(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<TeleFhirOptions>().Configure<IConfiguration>(Bind).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TeleFhirOptions>, TeleFhirOptionsValidator>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<TeleFhirOptions>>().Value);
        builder.WebHost.UseShutdownTimeout(ShutdownTimeout(builder.Configuration["Limits:ShutdownTimeout"]));

        services.AddTeleFhirInfrastructure(Storage);
        services.AddHostedService<DatabaseStart>();
        services.AddHostedService<DemoSeed>();
        services.AddHostedService<DemoUsers>();
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
        services.AddSingleton<Vocabulary>();
        services.AddSingleton<ITerminology>(provider => provider.GetRequiredService<Vocabulary>());
        services.AddSingleton<FhirServer>();
        services.AddBearerTokens();
        services.AddAuthorizationServer(builder.Configuration);
        services.AddSingleton<Callers>();
        services.AddPages(builder.Environment.IsDevelopment());
        services.AddSingleton<ImportPlanner>();
        services.AddSingleton<CapabilityDocument>();
        services.AddFrontDesk();

        services.AddSingleton<AsyncPipeline>();
        services.AddSingleton<AsyncWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<AsyncWorker>());

        services.AddBinaries();
        services.AddVisits();
        services.AddSubscriptions();
        services.AddMonitoring();
        services.AddPortal();
        services.AddHostedService<OwnApps>();

        services.AddFhirOpenApi();

        services.AddRequestTimeLimits();
        services.AddStrictTransport();
        services.AddCompression();
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, CrossOrigin>();
        services.AddTelemetry();
    }

    // A value of the wrong type is told like any other wrong value.
    private static void Bind(TeleFhirOptions options, IConfiguration configuration)
    {
        try
        {
            configuration.Bind(options);
            options.Reminders.AllowedCallbacks = options.Subscriptions.AllowedCallbacks;

            // An element of a list that cannot be bound would be left out in silence, and so would a misspelled key of one.
            options.Auth.Issuers =
            [
                .. configuration.GetSection("Auth:Issuers").GetChildren()
                    .Select(issuer => issuer.Get<IssuerOptions>(strict => strict.ErrorOnUnknownConfiguration = true) ?? new IssuerOptions()),
            ];
        }
        catch (InvalidOperationException wrong)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(TeleFhirOptions), [wrong.Message]);
        }
    }

    // The host reads it before options are validated, so it must not be what throws when one is wrong.
    private static TimeSpan ShutdownTimeout(string? configured) =>
        TimeSpan.TryParse(configured, CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero
            ? timeout
            : new TeleFhirOptions().Limits.ShutdownTimeout;

    private static SearchLimits LimitsOf(TeleFhirOptions options) => new()
    {
        DefaultCount = options.Search.DefaultCount,
        MaxCount = options.Search.MaxCount,
        IndexesContent = options.Search.IndexContent,
    };

    private static StorageSettings Storage(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<TeleFhirOptions>();
        return new StorageSettings
        {
            Provider = Enum.Parse<DatabaseProvider>(options.Database.Provider),
            ConnectionString = options.ConnectionStrings.TeleFhir,
            IndexContent = options.Search.IndexContent,
            EnforceReferences = options.Storage.EnforceReferences,
            DefaultTotalLimit = options.Search.DefaultTotalLimit,
            UserPolicy = Enum.Parse<UserPolicy>(options.Access.UserPolicy),
            PublicBaseUrl = provider.GetRequiredService<FhirAddress>().Base,
            LongestTokenLife = options.Auth.LongestTokenLife,
            AuditKey = Convert.FromBase64String(options.Audit.ChainKey ?? ""),
        };
    }
}
