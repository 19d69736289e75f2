using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What the audit trail and the log learn of the authorization server, and what they must not.</summary>
public sealed class TrailTests : IAsyncLifetime
{
    private const string Scope = "launch/patient offline_access openid fhirUser patient/Patient.rs";

    private readonly RecordedTrail _trail = new();
    private readonly RecordedLog _log = new();
    private TelehealthHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        builder.ConfigureTestServices(services => services.AddSingleton<IAuditTrail>(_trail).AddSingleton<IStartupFilter>(new FromAddress()));
        builder.ConfigureLogging(logging => logging.AddProvider(_log));
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Launch_grant_denial_reuse_and_revocation_are_recorded_by_client_user_and_patient()
    {
        var app = new SmartApp(_host);
        await app.SignInAsync("clinician");
        await app.GetAsync("/auth/launch?client_id=demo-app&patient=demo-ben");
        var tokens = await app.LaunchAsync(Scope);
        var old = SmartApp.Text(tokens, "refresh_token");
        await app.RefreshAsync(old);
        await app.RefreshAsync(old);
        await app.DecideAsync(await app.AuthorizeAsync(app.Request(Scope)), isGranted: false, patient: "demo-amy");
        var other = await app.LaunchAsync(Scope);
        await app.PostAsync("/auth/revoke", [("client_id", app.ClientId), ("token", SmartApp.Text(other, "refresh_token"))]);

        var mine = _trail.Entries.Where(entry => entry.Kind == AuditKind.Authorization).ToList();
        Assert.All(mine, entry => Assert.Equal("demo-app", entry.ClientId));
        Assert.All(_trail.Entries, entry => Assert.Equal((FromAddress.Text, false), (entry.RemoteAddress, string.IsNullOrEmpty(entry.RequestId))));
        Assert.All(mine.Where(entry => entry.Event != "token-refused"), entry => Assert.Equal(app.User.Id, entry.UserId));
        Assert.Equal(["demo-ben"], Assert.Single(mine, entry => entry.Event == "launch").Patients);
        Assert.Equal(2, mine.Count(entry => entry.Event == "grant" && entry.Patients is ["demo-amy"]));
        Assert.Equal("The user refused.", Assert.Single(mine, entry => entry.Event == "deny").Reason);
        Assert.Single(mine, entry => entry.Event == "reuse");
        Assert.Single(mine, entry => entry is { Event: "token-refused", Reason: "invalid_grant" or "invalid_token" });
        Assert.Single(mine, entry => entry.Event == "revoke");

        // What was refused does not read as if it had succeeded.
        Assert.All(mine, entry => Assert.Equal(entry.Event is "deny" or "reuse" or "token-refused", entry.Status >= 400));
    }

    [Fact]
    public async Task Reuse_raises_an_alert_in_the_log_and_in_the_metrics()
    {
        var app = new SmartApp(_host);
        var tokens = await app.LaunchAsync(Scope);
        var old = SmartApp.Text(tokens, "refresh_token");
        await app.RefreshAsync(old);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("used twice", StringComparison.Ordinal));

        await app.RefreshAsync(old);

        Assert.Equal(1, await AlertsAsync());
        var line = Assert.Single(_log.Lines, line => line.Contains("used twice", StringComparison.Ordinal));
        Assert.StartsWith("Warning ", line, StringComparison.Ordinal);
        Assert.Contains("demo-app", line, StringComparison.Ordinal);
        Assert.Single(_trail.Entries, entry => entry is { Event: "reuse", ClientId: "demo-app", Status: 400 } && entry.UserId == app.User.Id);
    }

    [Fact]
    public async Task A_failed_assertion_is_recorded_as_failed()
    {
        using var key = new Assertion();
        using var stranger = new Assertion();
        await _host.Services.GetRequiredService<IClients>().AddAsync(
            new("backend", "Backend", ClientKind.Asymmetric) { IsBackend = true, Scopes = ["system/*.rs"], Jwks = key.Jwks }, TestContext.Current.CancellationToken);

        var answer = await new SmartApp(_host, "backend").PostAsync(
            "/auth/token",
            [
                ("grant_type", "client_credentials"), ("scope", "system/*.rs"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", stranger.Sign("backend")),
            ]);

        Assert.Equal("invalid_client", SmartApp.Text(answer, "error"));
        Assert.InRange(Assert.Single(_trail.Entries, entry => entry is { Event: "assertion-refused", ClientId: "backend" }).Status, 400, 499);
    }

    [Fact]
    public async Task Neither_trail_nor_log_hold_tokens_secrets_verifiers_or_the_patient_in_the_clear()
    {
        var secret = await _host.Services.GetRequiredService<IClients>().AddAsync(
            new("with-secret", "With a secret", ClientKind.Symmetric) { RedirectUris = [SmartApp.Redirect], Scopes = [.. Scope.Split(' ')] },
            TestContext.Current.CancellationToken);
        var app = new SmartApp(_host, "with-secret", secret);
        _log.Lines.Clear();
        var code = await app.CodeAsync(Scope);
        var tokens = await app.ExchangeAsync(code);
        Assert.Equal(HttpStatusCode.OK, tokens.Status);
        await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(tokens, "access_token"));
        await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"));
        await app.ExchangeAsync(code);
        var browser = new PageBrowser(_host);
        await browser.SignInAsync("clinician", "a wrong password");
        await browser.SignInAsync("clinician");

        Assert.NotEmpty(_log.Lines);
        string[] secrets =
        [
            code, app.Verifier, secret!, "a wrong password", "Telefhir-demo-1", SmartApp.Text(tokens, "access_token"), SmartApp.Text(tokens, "refresh_token"),
            SmartApp.Text(tokens, "id_token"),
        ];
        Assert.All(secrets, one =>
        {
            Assert.DoesNotContain(_log.Lines, line => line.Contains(one, StringComparison.Ordinal));
            Assert.DoesNotContain(_trail.Entries, entry => entry.ToString().Contains(one, StringComparison.Ordinal));
        });
        Assert.DoesNotContain(_log.Lines, line => line.Contains("demo-amy", StringComparison.Ordinal));
    }

    private async Task<int> AlertsAsync() => (await _host.GetAsync("/metrics")).Body.Split('\n')
        .Where(line => line.StartsWith("telefhir_auth_alerts", StringComparison.Ordinal) && line.Contains("kind=\"reuse\"", StringComparison.Ordinal))
        .Sum(line => int.Parse(line.Split("} ")[1].Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>The test server knows no addresses: all requests come from this one.</summary>
    private sealed class FromAddress : IStartupFilter
    {
        public const string Text = "192.0.2.7";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(follow => context =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(Text);
                return follow(context);
            });
            next(app);
        };
    }
}
