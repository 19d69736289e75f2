using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>The server with its demo people, for tests of what they see in a browser.</summary>
public sealed class PageHost : IAsyncLifetime
{
    public const string Password = "Telefhir-demo-1";
    public const string RedirectOrigin = "https://app.example";

    private TelehealthHost? _host;
    private int _clients;

    public TelehealthHost Server => _host!;

    /// <summary>Every page that is served, as its route says, without parameters of the query.</summary>
    public IReadOnlyList<string> Routes =>
    [
        .. Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null)
            .Select(endpoint => $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}")
            .Distinct(),
    ];

    public async ValueTask InitializeAsync() => _host = await TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");

        // People sign in some hundred times here; how hard passwords are to guess is tested elsewhere.
        builder.ConfigureTestServices(services => services.AddSingleton(new SignInSettings { PasswordRounds = 1000, AddressLimit = null }));
    });

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    internal PageBrowser NewBrowser() => new(Server);

    /// <summary>A browser in which somebody is signed in.</summary>
    internal async Task<PageBrowser> SignedInAsync(string userName)
    {
        var browser = NewBrowser();
        var answer = await browser.SignInAsync(userName, Password);
        Assert.Equal(System.Net.HttpStatusCode.Found, answer.Status);
        return browser;
    }

    /// <summary>The session that a user began last.</summary>
    public async Task<string> LatestSessionAsync(string userId)
    {
        await using var connection = new SqliteConnection(Server.Services.GetRequiredService<TeleFhirOptions>().ConnectionStrings.TeleFhir);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM user_session WHERE user_id = $user ORDER BY expires DESC LIMIT 1";
        command.Parameters.AddWithValue("$user", userId);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>A request that waits for somebody to answer it; of an application that nobody knows yet, unless one is named.</summary>
    public async Task<AuthorizationInteraction> AskAsync(
        string scopes, Func<AuthorizationInteraction, AuthorizationInteraction>? change = null, string? clientId = null)
    {
        clientId ??= $"app-{Interlocked.Increment(ref _clients)}";
        var interaction = new AuthorizationInteraction(
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            clientId,
            "Demo <b>App</b>",
            [.. scopes.Split(' ')],
            $"client_id={clientId}&state=s",
            RedirectOrigin,
            Server.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddMinutes(10));
        interaction = change is null ? interaction : change(interaction);
        await Interactions.AddAsync(interaction, TestContext.Current.CancellationToken);
        return interaction;
    }

    public IAuthorizationInteractions Interactions => Server.Services.GetRequiredService<IAuthorizationInteractions>();

    /// <summary>What was decided, or null while nothing was.</summary>
    public async Task<InteractionDecision?> DecisionAsync(AuthorizationInteraction interaction) =>
        (await Interactions.FindAsync(interaction.Id, TestContext.Current.CancellationToken))?.Decision;
}
