using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Registers the stores of people and of what they are asked.</summary>
internal static class AccountSetup
{
    public static void AddAccounts(this IServiceCollection services)
    {
        services.TryAddSingleton(new SignInSettings());
        services.AddSingleton<UserAccounts>();
        services.AddSingleton<IUserAccounts>(provider => provider.GetRequiredService<UserAccounts>());
        services.AddSingleton<IUserDirectory>(provider => provider.GetRequiredService<UserAccounts>());
        services.AddSingleton<FailureCounts>();
        services.AddSingleton<SignInLimits>();
        services.AddSingleton<IClientFailures, ClientFailures>();
        services.AddSingleton<ISecondFactors, SecondFactors>();
        services.AddSingleton<ISessions, Sessions>();
        services.AddSingleton<IAuthorizationInteractions, AuthorizationInteractions>();
        services.AddSingleton<IRememberedConsents, RememberedConsents>();
    }
}
