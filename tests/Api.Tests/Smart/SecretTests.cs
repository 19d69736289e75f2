using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Guessing the secret of a client, from one address and from many, on two nodes whose clock the test sets.</summary>
public sealed class SecretTests : IAsyncLifetime
{
    private const string Client = "demo-backend";
    private const string Secret = "demo-backend-secret";
    private const int Most = 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-secrets-");
    private readonly ShiftedClock _clock = new();
    private readonly RecordedTrail _trail = new();
    private readonly RecordedLog _log = new();
    private TelehealthHost _host = null!;

    private string Database => $"Data Source={Path.Combine(_folder.FullName, "secrets.db")}";

    public async ValueTask InitializeAsync() => _host = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/auth/token", Client)]
    [InlineData("/auth/introspect", Client)]
    [InlineData("/auth/revoke", Client)]
    [InlineData("/auth/token", "a client that there is not")]
    public async Task After_ten_wrong_secrets_an_address_waits_whatever_the_endpoint_and_whether_or_not_there_is_such_a_client(string address, string client)
    {
        for (var guess = 0; guess < Most; guess++)
        {
            var wrong = await TryAsync(_host, address, client, $"guess {guess}");
            Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (wrong.Status, SmartApp.Text(wrong, "error")));
        }

        // Right or wrong is no longer looked at, and one endpoint counts for the others.
        foreach (var (endpoint, secret) in ((string, string)[])[(address, "one more"), (address, Secret), ("/auth/token", Secret), ("/auth/introspect", Secret)])
        {
            var refused = await TryAsync(_host, endpoint, client, secret);
            Assert.Equal((HttpStatusCode.TooManyRequests, "temporarily_unavailable"), (refused.Status, SmartApp.Text(refused, "error")));
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));
        }

        Assert.Equal(Most, _trail.Entries.Count(entry => entry is { Event: "token-refused", Reason: "invalid_client", RemoteAddress: "192.0.2.1" }));
        Assert.Equal(4, _trail.Entries.Count(entry => entry is { Event: "token-refused", Reason: "too_many_failures", Status: 429 } && entry.ClientId == client));
        Assert.Single(_log.Lines, line => line.Contains("Too many wrong secrets", StringComparison.Ordinal));

        _clock.Advance(TimeSpan.FromMinutes(15));
        var after = await TryAsync(_host, "/auth/token", client, Secret);
        Assert.Equal(client == Client ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, after.Status);
    }

    [Fact]
    public async Task Whoever_guesses_elsewhere_locks_nobody_out()
    {
        for (var guess = 0; guess <= Most; guess++)
        {
            await TryAsync(_host, "/auth/token", Client, "a guess", from: "2001:db8:0:1::bad");
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(_host, "/auth/token", Client, Secret, from: "2001:db8:0:1::2")).Status);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret, from: "2001:db8:0:2::1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret)).Status);
    }

    [Fact]
    public async Task From_many_addresses_there_is_one_guess_each_and_the_client_goes_on()
    {
        for (var guess = 0; guess < 100; guess++)
        {
            var wrong = await TryAsync(_host, "/auth/token", Client, "a guess", from: $"198.51.100.{guess / 2}");
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
        }

        Assert.Single(_log.Lines, line => line.Contains("come from many addresses", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(_host, "/auth/token", Client, "a guess", from: "198.51.100.1")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await TryAsync(_host, "/auth/token", Client, "a guess", from: "203.0.113.1")).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(_host, "/auth/token", Client, "a guess", from: "203.0.113.1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret)).Status);

        _clock.Advance(TimeSpan.FromHours(1));
        for (var guess = 0; guess < Most; guess++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await TryAsync(_host, "/auth/token", Client, "a guess", from: "203.0.113.1")).Status);
        }
    }

    [Fact]
    public async Task The_right_secret_clears_what_the_address_has_against_it_and_of_another_client_nothing()
    {
        for (var guess = 0; guess < Most - 1; guess++)
        {
            await TryAsync(_host, "/auth/token", Client, "a guess");
            await TryAsync(_host, "/auth/token", "other", "a guess");
        }

        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret)).Status);
        await TryAsync(_host, "/auth/token", Client, "a guess");
        await TryAsync(_host, "/auth/token", "other", "a guess");

        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret)).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(_host, "/auth/token", "other", "a guess")).Status);
    }

    [Fact]
    public async Task Nodes_of_one_database_count_together_and_a_restart_forgets_nothing()
    {
        await using (var other = await StartAsync())
        {
            for (var guess = 0; guess < Most; guess++)
            {
                await TryAsync(guess % 2 == 0 ? _host : other, "/auth/token", Client, "a guess");
            }

            Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(other, "/auth/token", Client, Secret)).Status);
        }

        await using var restarted = await StartAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, (await TryAsync(restarted, "/auth/token", Client, Secret)).Status);
    }

    [Fact]
    public async Task A_client_that_knows_its_secret_leaves_nothing_to_count()
    {
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(_host, "/auth/token", Client, Secret)).Status);

        Assert.Equal(0L, await CountAsync());
        await TryAsync(_host, "/auth/token", Client, "a guess");
        Assert.Equal(2L, await CountAsync());
    }

    private async Task<object?> CountAsync()
    {
        await using DbConnection connection = new SqliteConnection(Database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM sign_in_address";
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static Task<Answer> TryAsync(TelehealthHost host, string address, string client, string secret, string from = "192.0.2.1") =>
        new SmartApp(host, client, secret).PostAsync(
            address, [("grant_type", "client_credentials"), ("scope", "system/*.rs"), ("token", "some")], (FromHeader.Name, from));

    private Task<TelehealthHost> StartAsync() => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        builder.UseSetting("ConnectionStrings:TeleFhir", Database);
        builder.ConfigureTestServices(services => services
            .AddSingleton<TimeProvider>(_clock).AddSingleton<IAuditTrail>(_trail).AddSingleton<IStartupFilter>(new FromHeader()));
        builder.ConfigureLogging(logging => logging.AddProvider(_log));
    });

    /// <summary>The test server knows no addresses: requests say where they come from.</summary>
    private sealed class FromHeader : IStartupFilter
    {
        public const string Name = "X-Test-Address";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(follow => context =>
            {
                context.Connection.RemoteIpAddress = IPAddress.TryParse(context.Request.Headers[Name], out var address) ? address : null;
                return follow(context);
            });
            next(app);
        };
    }
}
