using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using TeleFhir.Api.Smart;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Keys of the server and of its clients, and how they change.</summary>
public sealed class KeyTests
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replaced_key_ends_its_tokens_and_the_new_one_signs_at_once()
    {
        await using var host = await SmartHost.StartAsync();
        var app = new SmartApp(host);
        var tokens = await app.LaunchAsync();
        var old = new JsonWebToken(SmartApp.Text(tokens, "access_token")).Kid;

        var added = await host.Services.GetRequiredService<ServerKeys>().ReplaceAsync(Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(tokens, "access_token"))).Status);
        var refreshed = await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"));
        Assert.Equal(added, new JsonWebToken(SmartApp.Text(refreshed, "access_token")).Kid);
        Assert.NotEqual(old, added);
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(refreshed, "access_token"))).Status);
        Assert.DoesNotContain(old, (await host.GetAsync("/auth/jwks")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_key_is_published_before_it_signs()
    {
        await using var host = await SmartHost.StartAsync();
        var app = new SmartApp(host);

        var next = await host.Services.GetRequiredService<ServerKeys>().RotateAsync(Cancellation);
        var tokens = await app.LaunchAsync();

        Assert.Contains(next, (await host.GetAsync("/auth/jwks")).Body, StringComparison.Ordinal);
        Assert.NotEqual(next, new JsonWebToken(SmartApp.Text(tokens, "access_token")).Kid);
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(tokens, "access_token"))).Status);
    }

    [Fact]
    public async Task Tokens_outlive_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("telefhir-keys-");
        try
        {
            var database = ("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(folder.FullName, "keys.db")}");
            Answer tokens;
            await using (var first = await SmartHost.StartAsync(database))
            {
                tokens = await new SmartApp(first).LaunchAsync();
            }

            await using var second = await SmartHost.StartAsync(database);
            var app = new SmartApp(second);
            Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(tokens, "access_token"))).Status);
            Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"))).Status);
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_private_key_is_not_readable_in_the_database()
    {
        await using var host = await SmartHost.StartAsync();
        var key = (await host.Services.GetRequiredService<ISigningKeys>().ListAsync(Cancellation)).Single();

        Assert.False(Convert.TryFromBase64String(key.Sealed, new byte[key.Sealed.Length], out _));
    }

    [Fact]
    public async Task A_client_may_keep_its_keys_at_an_address_and_change_them_there()
    {
        using var key = new Assertion();
        using var next = new Assertion(kid: "k2");
        var published = key.Jwks;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        var asked = 0;
        server.MapGet("/jwks", (HttpContext context) =>
        {
            asked++;
            context.Response.Headers.CacheControl = published == key.Jwks ? "max-age=600" : "no-store";
            return Results.Text(published, "application/json");
        });
        server.MapGet("/large", () => Results.Text(new string(' ', 70_000) + published, "application/json"));
        server.MapGet("/moved", () => Results.Redirect("/jwks"));
        await server.StartAsync(Cancellation);
        var origin = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await using var host = await SmartHost.StartAsync();
        var app = await RegisterAsync(host, origin + "/jwks");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, key));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, key));
        Assert.Equal(1, asked);
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(await RegisterAsync(host, origin + "/large"), key));
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(await RegisterAsync(host, origin + "/moved"), key));

        // An unknown name makes it ask again, at most every few seconds.
        published = next.Jwks;
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(app, next));
        Assert.Equal(1, asked);
        await Task.Delay(TimeSpan.FromSeconds(5.5), Cancellation);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, next));
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(app, key));
    }

    [Fact]
    public async Task An_address_that_does_not_answer_is_given_up_after_five_seconds()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var key = new Assertion();
        await using var host = await SmartHost.StartAsync();
        var app = await RegisterAsync(host, $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/jwks");
        var waited = Stopwatch.StartNew();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, key));

        Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(15));
        Assert.True(silent.Pending());
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    public void Keys_are_fetched_from_public_addresses_only(string address, bool isAllowed) =>
        Assert.Equal(isAllowed, new PublicConnection(allowsLoopback: false).IsAllowed(IPAddress.Parse(address)));

    [Fact]
    public async Task Production_does_not_start_with_a_client_of_the_demonstration()
    {
        await using var host = await SmartHost.StartAsync();
        var environment = new HostingEnvironment { EnvironmentName = "Production" };
        var start = new DemoClients(host.Services.GetRequiredService<IClients>(), host.Services.GetRequiredService<TeleFhirOptions>(), environment);

        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => start.StartingAsync(Cancellation));

        Assert.Contains("demo-", wrong.Message, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(SmartApp app, Assertion key) => (await app.PostAsync(
        "/auth/token",
        [("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Type), ("client_assertion", key.Sign(app.ClientId))])).Status;

    private static async Task<SmartApp> RegisterAsync(TelehealthHost host, string jwksUri)
    {
        using var body = new StringContent(
            $$"""{"client_name":"Backend","token_endpoint_auth_method":"private_key_jwt","grant_types":["client_credentials"],"scope":"system/*.rs","jwks_uri":"{{jwksUri}}"}""",
            Encoding.UTF8,
            "application/json");
        var answer = await Answer.OfAsync(await host.Client.PostAsync("/auth/register", body, Cancellation));
        return new SmartApp(host, SmartApp.Text(answer, "client_id"));
    }
}
