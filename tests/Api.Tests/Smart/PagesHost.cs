using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>The server with the demo clinic; passwords cost little, so that tests may guess.</summary>
public sealed class PagesHost : IAsyncLifetime
{
    public const string Password = "a password of mine";

    public TelehealthHost Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await StartAsync(new SignInSettings { PasswordRounds = 10, AddressLimit = null });

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal PageBrowser Browser() => new(Server);

    /// <summary>A server with other limits.</summary>
    public static Task<TelehealthHost> StartAsync(SignInSettings settings) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        builder.ConfigureTestServices(services => services.AddSingleton(settings));
    });

    /// <summary>A user of the test's own.</summary>
    public Task<UserAccount> AddAsync(string userName, UserRole role, string? fhirUser) =>
        Server.Services.GetRequiredService<IUserAccounts>()
            .AddAsync(new NewAccount(userName, $"Name of {userName}", role, fhirUser), Password, TestContext.Current.CancellationToken);

    /// <summary>The address that an application sends the browser to.</summary>
    public string Authorize(string scope, params (string Name, string? Value)[] changes) =>
        Microsoft.AspNetCore.WebUtilities.QueryHelpers.AddQueryString("/auth/authorize", new SmartApp(Server).Request(scope, changes));
}
