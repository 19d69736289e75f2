using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using TeleFhir.Api.Tests.CommandLine;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What an administrator does at the command line when a key or a token got out, while a server of the same database runs.</summary>
public sealed class KeyDrillTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-drill-");
    private TelehealthHost _host = null!;
    private CommandHost _command = null!;

    private string Database => $"Data Source={Path.Combine(_folder.FullName, "drill.db")}";

    public async ValueTask InitializeAsync()
    {
        _host = await SmartHost.StartAsync(("ConnectionStrings:TeleFhir", Database));
        _command = new CommandHost("Sqlite", Database);
    }

    public async ValueTask DisposeAsync()
    {
        _command.Dispose();
        await _host.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Rotate_now_and_replace_now_reach_a_server_that_runs()
    {
        var app = new SmartApp(_host);
        var tokens = await app.LaunchAsync();
        var old = SmartApp.Text(tokens, "access_token");

        var (code, output) = await _command.RunAsync("keys", "rotate");
        Assert.Equal(0, code);
        var rotated = KeyIn(output);
        await UntilAsync(async () => (await _host.GetAsync("/auth/jwks")).Body.Contains(rotated, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(app, old));

        (code, output) = await _command.RunAsync("keys", "replace");
        Assert.Equal(0, code);
        var replaced = KeyIn(output);
        await UntilAsync(async () => await ReadAsync(app, old) == HttpStatusCode.Unauthorized);
        var keys = (await _host.GetAsync("/auth/jwks")).Json["keys"]!.AsArray();
        Assert.Equal(replaced, Assert.Single(keys)!["kid"]!.GetValue<string>());
        Assert.Equal(replaced, new JsonWebToken(SmartApp.Text(await new SmartApp(_host).LaunchAsync(), "access_token")).Kid);
        Assert.Equal(1, await EventsAsync("keys-rotate"));
        Assert.Equal(1, await EventsAsync("keys-replace"));
    }

    [Fact]
    public async Task Revoking_all_ends_every_token_and_grant_and_has_everybody_asked_again()
    {
        var app = new SmartApp(_host);
        var tokens = await app.LaunchAsync();
        var code = await new SmartApp(_host).CodeAsync(SmartApp.StandaloneScopes);
        var backend = new SmartApp(_host, "demo-backend", "demo-backend-secret");
        var own = SmartApp.Text(await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.rs")), "access_token");
        var consents = _host.Services.GetRequiredService<IRememberedConsents>();
        await consents.RememberAsync(app.User.Id, app.ClientId, ["patient/*.rs"], TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await ReadAsync(app, SmartApp.Text(tokens, "access_token")), await ReadAsync(app, own)));

        Assert.Equal(0, (await _command.RunAsync("client", "revoke-all")).Code);

        var refreshed = await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (refreshed.Status, SmartApp.Text(refreshed, "error")));
        Assert.Equal(HttpStatusCode.BadRequest, (await app.ExchangeAsync(code)).Status);
        await UntilAsync(async () => await ReadAsync(app, SmartApp.Text(tokens, "access_token")) == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, await ReadAsync(app, own));
        Assert.Equal("""{"active":false}""", (await backend.PostAsync("/auth/introspect", [("token", SmartApp.Text(tokens, "access_token"))])).Body);
        Assert.Empty(await _host.Services.GetRequiredService<IGrants>().OfUserAsync(app.User.Id, TestContext.Current.CancellationToken));
        Assert.Empty(await consents.FindAsync(app.User.Id, app.ClientId, TestContext.Current.CancellationToken));
        Assert.Equal(1, await EventsAsync("client-revoke-all"));

        // Clients and people stay, and what is granted from now on counts.
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken);
        var anew = await new SmartApp(_host).LaunchAsync();
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(app, SmartApp.Text(anew, "access_token")));
    }

    [Fact]
    public async Task Revoking_one_client_leaves_the_others_alone()
    {
        var app = new SmartApp(_host);
        var tokens = await app.LaunchAsync();
        var backend = new SmartApp(_host, "demo-backend", "demo-backend-secret");
        var own = SmartApp.Text(await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.rs")), "access_token");

        Assert.Equal(0, (await _command.RunAsync("client", "revoke", "demo-backend")).Code);
        Assert.Equal(1, (await _command.RunAsync("client", "revoke", "nobody")).Code);

        await UntilAsync(async () => await ReadAsync(app, own) == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(app, SmartApp.Text(tokens, "access_token")));
        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"))).Status);
        Assert.Equal(1, await EventsAsync("client-revoke"));
    }

    private static async Task<HttpStatusCode> ReadAsync(SmartApp app, string token) => (await app.ReadAsync("/fhir/Patient/demo-amy", token)).Status;

    private static string KeyIn(string output) => output.Split(' ')[1];

    /// <summary>Nodes follow the database, keys every quarter of a minute.</summary>
    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(25), "It took too long.");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private async Task<long> EventsAsync(string name)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(Database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM audit_log WHERE CAST(payload AS TEXT) LIKE $name";
        command.Parameters.AddWithValue("$name", $"%\"{name}\"%");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
