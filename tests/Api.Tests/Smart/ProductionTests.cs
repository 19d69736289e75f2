using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Tests.Durability;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What is different where real patients are.</summary>
public sealed class ProductionTests : IDisposable
{
    private const string InitialToken = "an-initial-access-token-of-32-characters-or-more";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-production-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Registration_needs_the_initial_access_token_and_gives_no_system_scopes()
    {
        using var key = new Assertion();
        await using var server = await StartAsync();
        var metadata = new JsonObject
        {
            ["client_name"] = "App",
            ["redirect_uris"] = new JsonArray("https://app.example/callback"),
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["scope"] = "system/*.rs patient/*.rs",
            ["jwks"] = JsonNode.Parse(key.Jwks),
        };

        var stranger = await RegisterAsync(server, metadata, null);
        var guess = await RegisterAsync(server, metadata, "a-guess-of-the-same-length-or-something-near-it");
        var invited = await RegisterAsync(server, metadata, InitialToken);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (stranger.Status, guess.Status));
        Assert.Equal(stranger.Body, guess.Body);
        Assert.Equal(HttpStatusCode.Created, invited.Status);
        Assert.Equal("patient/*.rs", SmartApp.Text(invited, "scope"));
        var client = (await server.Services.GetRequiredService<IClients>().FindAsync(SmartApp.Text(invited, "client_id"), Cancellation))!;
        Assert.False(client.MayIntrospect);
    }

    [Fact]
    public async Task Whoever_asks_too_often_has_to_wait()
    {
        await using var server = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => RegisterAsync(server, [], null)));

        Assert.Equal(20, answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized));
        var refused = answers.Where(answer => answer.Status == HttpStatusCode.TooManyRequests).ToList();
        Assert.Equal(20, refused.Count);
        Assert.NotNull(refused[0].Headers.RetryAfter);
        Assert.Equal("temporarily_unavailable", SmartApp.Text(refused[0], "error"));

        // What else the server answers goes on.
        Assert.Contains("\"kid\"", await KeysAsync(server), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/auth/token", 600)]
    [InlineData("/auth/revoke", 600)]
    [InlineData("/auth/introspect", 3000)]
    public async Task How_often_an_address_may_ask_is_limited_at_every_endpoint_of_tokens(string path, int limit)
    {
        await using var server = await StartAsync();
        using var browser = server.NewBrowser();
        var statuses = new List<HttpStatusCode>();
        for (var asked = 0; asked < limit + 10; asked++)
        {
            using var form = new FormUrlEncodedContent([new("grant_type", "nothing")]);
            using var answer = await browser.PostAsync($"https://telehealth.example{path}", form, Cancellation);
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal(limit, statuses.Count(status => status == HttpStatusCode.BadRequest));
        Assert.All(statuses.Skip(limit), status => Assert.Equal(HttpStatusCode.TooManyRequests, status));
    }

    [Theory]
    [InlineData("http://127.0.0.1:PORT/jwks")]
    [InlineData("http://keys.example/jwks")]
    [InlineData("ftp://keys.example/jwks")]
    [InlineData("file:///etc/passwd")]
    public async Task Keys_are_not_fetched_in_the_clear(string address)
    {
        await using var server = await StartAsync();

        var answer = await RegisterAsync(server, Backend(address), InitialToken);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_client_metadata"), (answer.Status, SmartApp.Text(answer, "error")));
    }

    [Theory]
    [InlineData("https://127.0.0.1:PORT/jwks")]
    [InlineData("https://localhost:PORT/jwks")]
    [InlineData("https://[::ffff:127.0.0.1]:PORT/jwks")]
    public async Task Keys_are_not_fetched_from_the_machine_itself(string address)
    {
        using var inside = new TcpListener(IPAddress.Loopback, 0);
        inside.Start();
        using var key = new Assertion();
        await using var server = await StartAsync();
        var uri = address.Replace("PORT", $"{((IPEndPoint)inside.LocalEndpoint).Port}", StringComparison.Ordinal);
        await server.Services.GetRequiredService<IClients>().AddAsync(
            new("inside", "Inside", ClientKind.Asymmetric) { IsBackend = true, Scopes = ["system/*.rs"], JwksUri = uri }, Cancellation);

        var answer = await new SmartApp(server, "inside").PostAsync(
            "https://telehealth.example/auth/token",
            [
                ("grant_type", "client_credentials"), ("scope", "system/*.rs"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", key.Sign("inside", claims => claims["aud"] = "https://telehealth.example/auth/token")),
            ]);

        Assert.Equal("invalid_client", SmartApp.Text(answer, "error"));
        Assert.False(inside.Pending());
    }

    [Fact]
    public async Task Pages_cookies_are_of_this_host_alone_and_only_over_https()
    {
        await using var server = await StartAsync();
        using var browser = server.NewBrowser();
        browser.BaseAddress = new Uri("https://telehealth.example/");

        using var answer = await browser.GetAsync("/auth/login", Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.All(answer.Headers.GetValues("Set-Cookie"), cookie =>
        {
            Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
            Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; samesite=", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData("Production", "the demo users")]
    [InlineData("Staging", "the demo users")]
    [InlineData("Production", "demo-")]
    public async Task A_database_with_the_demonstration_in_it_stops_the_start(string environment, string named)
    {
        await using (var demo = await SmartHost.StartAsync(Database))
        {
            // Either is reason enough.
            if (named == "demo-")
            {
                var accounts = demo.Services.GetRequiredService<IUserAccounts>();
                foreach (var account in await accounts.ListAsync(Cancellation))
                {
                    await RemoveAsync(account.Id);
                }
            }
            else
            {
                var clients = demo.Services.GetRequiredService<IClients>();
                foreach (var client in await clients.ListAsync(Cancellation))
                {
                    await clients.RemoveAsync(client.Id, Cancellation);
                }
            }
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        var (code, output) = await ServerProcess.RunAsync(
            new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = environment,
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["Auth:Mode"] = "Embedded",
                ["Fhir:PublicBaseUrl"] = "https://telehealth.example/fhir",
                ["Audit:ChainKey"] = Convert.ToBase64String(new byte[32]),
                [Database.Item1] = Database.Item2,
            },
            [],
            patience.Token);

        Assert.Equal(1, code);
        Assert.Contains("The server does not start: The database holds", output, StringComparison.Ordinal);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task Neither_users_nor_clients_of_the_demonstration_are_made(string environment)
    {
        await using var server = await StartAsync(environment);

        // The server's own pages are no demonstration: they can do nothing without a user.
        var clients = await server.Services.GetRequiredService<IClients>().ListAsync(Cancellation);
        Assert.All(clients, client => Assert.StartsWith("telefhir-", client.Id, StringComparison.Ordinal));
        Assert.All(clients, client => Assert.False(client.IsDemo || client.IsBackend));
        Assert.Empty(await server.Services.GetRequiredService<IUserAccounts>().ListAsync(Cancellation));
    }

    [Fact]
    public async Task Signing_keys_are_those_of_the_database_also_after_a_restart()
    {
        string before;
        await using (var first = await StartAsync())
        {
            before = await KeysAsync(first);
            Assert.All(first.Services.GetRequiredService<IKeyRing>().List(), element => Assert.DoesNotContain("EncryptedData", element, StringComparison.Ordinal));
        }

        await using var second = await StartAsync();

        Assert.Contains("\"kid\"", before, StringComparison.Ordinal);
        Assert.Equal(before, await KeysAsync(second));
    }

    [Fact]
    public async Task A_certificate_seals_the_key_ring_and_opens_it_after_a_restart()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=ring", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddYears(-1));
        var file = Path.Combine(_folder.FullName, "ring.pfx");
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pfx, "secret"), Cancellation);
        (string, string)[] settings = [("Auth:KeyRingCertificate", file), ("Auth:KeyRingPassword", "secret")];
        string before;
        await using (var first = await StartAsync(settings: settings))
        {
            before = await KeysAsync(first);
            var ring = first.Services.GetRequiredService<IKeyRing>().List();
            Assert.NotEmpty(ring);
            Assert.All(ring, element => Assert.Contains("EncryptedData", element, StringComparison.Ordinal));
        }

        await using (var second = await StartAsync(settings: settings))
        {
            Assert.Equal(before, await KeysAsync(second));
        }

        // Without it the database alone gives no key, and the server does not start with others in silence.
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await (await StartAsync()).DisposeAsync());
    }

    private (string, string) Database => ("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(_folder.FullName, "test.db")}");

    private async Task RemoveAsync(string account)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(Database.Item2);
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM user_account WHERE id = $id";
        command.Parameters.AddWithValue("$id", account);
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancellation));
    }

    private static async Task<string> KeysAsync(TelehealthHost server)
    {
        using var browser = server.NewBrowser();
        return await browser.GetStringAsync("https://telehealth.example/auth/jwks", Cancellation);
    }

    private static JsonObject Backend(string jwksUri) => new()
    {
        ["client_name"] = "Backend",
        ["token_endpoint_auth_method"] = "private_key_jwt",
        ["grant_types"] = new JsonArray("client_credentials"),
        ["scope"] = "system/*.rs",
        ["jwks_uri"] = jwksUri.Replace("PORT", "443", StringComparison.Ordinal),
    };

    private static async Task<Answer> RegisterAsync(TelehealthHost server, JsonObject metadata, string? token)
    {
        using var browser = server.NewBrowser();
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://telehealth.example/auth/register");
        request.Content = new StringContent(metadata.ToJsonString(), new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        if (token is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {token}");
        }

        return await Answer.OfAsync(await browser.SendAsync(request, Cancellation));
    }

    private Task<TelehealthHost> StartAsync(string environment = "Production", params (string Key, string Value)[] settings) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseEnvironment(environment);
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Auth:InitialAccessToken", InitialToken);
        builder.UseSetting("Fhir:PublicBaseUrl", "https://telehealth.example/fhir");
        builder.UseSetting("Audit:ChainKey", Convert.ToBase64String(new byte[32]));
        builder.UseSetting(Database.Item1, Database.Item2);
        foreach (var (name, value) in settings)
        {
            builder.UseSetting(name, value);
        }
    });
}
