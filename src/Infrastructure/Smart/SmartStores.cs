using Microsoft.Extensions.DependencyInjection;
using OpenIddict.EntityFrameworkCore.Models;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Registers the stores of the authorization server.</summary>
internal static class SmartStores
{
    public static IServiceCollection AddSmartStores(this IServiceCollection services)
    {
        services.AddSingleton(provider => new SmartDb(provider.GetRequiredService<Func<TeleFhirDb>>()));
        services.AddScoped(provider => provider.GetRequiredService<Func<TeleFhirDb>>()());
        services.AddSingleton<ISigningKeys, SigningKeys>();
        services.AddSingleton<IKeyRing, KeyRing>();
        services.AddSingleton<ILaunches, Launches>();
        services.AddSingleton<ISingleUse, SingleUse>();
        services.AddSingleton<IClients, Clients>();
        services.AddSingleton<IGrants, Grants>();
        services.AddOpenIddict().AddCore(core =>
        {
            core.UseEntityFrameworkCore().UseDbContext<TeleFhirDb>();
            core.ReplaceApplicationManager<OpenIddictEntityFrameworkCoreApplication, ClientApplications>();
        });
        services.AddHostedService<Pruning>();
        return services;
    }
}
