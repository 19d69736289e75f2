using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Changes;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>Registers what keeps subscriptions and their events.</summary>
internal static class SubscriptionSetup
{
    public static void AddSubscriptions(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new SubscriptionSettings(
            provider.GetRequiredService<BookingSettings>().Canonicals, provider.GetRequiredService<StorageSettings>().PublicBaseUrl ?? "http://localhost/fhir"));
        services.AddSingleton(provider => new SubscriptionRules(
            provider.GetRequiredService<SubscriptionSettings>(),
            new SearchQueryParser(
                provider.GetRequiredService<SearchParameterCatalog>(),
                new SearchLimits(),
                provider.GetRequiredService<StorageSettings>().PublicBaseUrl ?? "",
                provider.GetRequiredService<TimeProvider>())));
        services.AddSingleton<SubscriptionWrites>();
        services.AddSingleton<Subscriptions>();
        services.AddSingleton<ISubscriptions>(provider => provider.GetRequiredService<Subscriptions>());
        services.AddSingleton<IChangeRecorder, EventRecorder>();
    }
}
