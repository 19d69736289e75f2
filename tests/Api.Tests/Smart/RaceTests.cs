using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What works once works once however many try at the same moment, on both databases.</summary>
public sealed class RaceTests
{
    private const int Rounds = 20;
    private const int Contenders = 4;

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("PostgreSql")]
    public async Task One_exchange_of_a_code_wins(string provider) => await OnAsync(provider, async host =>
    {
        var app = new SmartApp(host);
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);
        await OneWinsAsync(() => app.ExchangeAsync(code));
    });

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("PostgreSql")]
    public async Task One_use_of_a_refresh_token_wins(string provider) => await OnAsync(provider, async host =>
    {
        var app = new SmartApp(host);
        var tokens = await app.LaunchAsync();
        await OneWinsAsync(() => app.RefreshAsync(SmartApp.Text(tokens, "refresh_token")));
    });

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("PostgreSql")]
    public async Task One_use_of_an_assertion_wins(string provider)
    {
        using var key = new Assertion();
        await OnAsync(provider, async host =>
        {
            var clients = host.Services.GetRequiredService<IClients>();
            if (await clients.FindAsync("racer", TestContext.Current.CancellationToken) is null)
            {
                await clients.AddAsync(
                    new("racer", "Racer", ClientKind.Asymmetric) { IsBackend = true, Scopes = ["system/*.rs"], Jwks = key.Jwks },
                    TestContext.Current.CancellationToken);
            }

            var app = new SmartApp(host, "racer");
            var assertion = key.Sign("racer");
            await OneWinsAsync(() => app.PostAsync(
                "/auth/token",
                [
                    ("grant_type", "client_credentials"), ("scope", "system/*.rs"),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion),
                ]));
        });
    }

    private static async Task OneWinsAsync(Func<Task<Answer>> attempt)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, Contenders).Select(_ => Task.Run(attempt)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized, $"{answer.Status} {answer.Body}"));
    }

    private static async Task OnAsync(string provider, Func<TelehealthHost, Task> round)
    {
        if (provider == "Sqlite")
        {
            await using var host = await SmartHost.StartAsync();
            await RepeatAsync(host, round);
            return;
        }

        var cluster = await PostgresCluster.SharedAsync();
        await using var database = await cluster.CreateDatabaseAsync();
        await using var postgres = await SmartHost.StartAsync(("Database:Provider", "PostgreSql"), ("ConnectionStrings:TeleFhir", database.ConnectionString));
        await RepeatAsync(postgres, round);
    }

    private static async Task RepeatAsync(TelehealthHost host, Func<TelehealthHost, Task> round)
    {
        for (var i = 0; i < Rounds; i++)
        {
            await round(host);
        }
    }
}
