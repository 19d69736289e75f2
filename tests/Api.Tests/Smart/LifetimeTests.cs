using System.Net;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using TeleFhir.Api.Smart;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>How long things last, on a server of its own whose clock the test sets.</summary>
public sealed class LifetimeTests : IAsyncLifetime
{
    private const string Scope = "launch/patient offline_access patient/Patient.rs";

    private readonly ShiftedClock _clock = new();
    private TelehealthHost _host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        builder.ConfigureTestServices(services => services.AddSingleton<TimeProvider>(_clock));
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_code_is_good_for_a_minute()
    {
        var (first, second) = (new SmartApp(_host), new SmartApp(_host));
        var (young, old) = (await first.CodeAsync(Scope), await second.CodeAsync(Scope));

        _clock.Advance(TimeSpan.FromSeconds(55));
        Assert.Equal(HttpStatusCode.OK, (await first.ExchangeAsync(young)).Status);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(HttpStatusCode.BadRequest, (await second.ExchangeAsync(old)).Status);
    }

    [Fact]
    public async Task An_access_token_and_an_identity_token_are_good_for_five_minutes()
    {
        var app = new SmartApp(_host);
        var answer = await app.LaunchAsync($"{Scope} openid fhirUser");
        var token = SmartApp.Text(answer, "access_token");
        foreach (var made in (JsonWebToken[])[new(token), new(SmartApp.Text(answer, "id_token"))])
        {
            Assert.Equal(TimeSpan.FromMinutes(5), made.ValidTo - made.IssuedAt);
        }

        _clock.Advance(TimeSpan.FromSeconds(290));
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", token)).Status);
        _clock.Advance(TimeSpan.FromSeconds(45));
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", token)).Status);
    }

    [Fact]
    public async Task Refreshing_does_not_stretch_ninety_days()
    {
        var app = new SmartApp(_host);
        var answer = await app.LaunchAsync(Scope);
        for (var day = 30; day <= 60; day += 30)
        {
            _clock.Advance(TimeSpan.FromDays(30));
            answer = await app.RefreshAsync(SmartApp.Text(answer, "refresh_token"));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        }

        _clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(answer, "refresh_token"))).Status);
    }

    [Fact]
    public async Task A_launch_waits_five_minutes()
    {
        var browser = new PageBrowser(_host);
        await browser.SignInAsync("clinician");
        browser.StopsAt = "/app/launch";
        await browser.OpenAsync("/auth/launch?client_id=demo-app&patient=demo-amy");
        var launch = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(browser.Address.Query)["launch"].ToString();
        var app = new SmartApp(_host);
        await app.SignInAsync("clinician");

        _clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        var answer = await app.AuthorizeAsync(app.Request("launch patient/Patient.rs", ("launch", launch)));

        Assert.NotEmpty(launch);
        Assert.Equal("invalid_request", SmartApp.Returned(answer)["error"]);
    }

    [Fact]
    public async Task An_old_key_is_published_until_its_tokens_have_run_out_and_a_new_one_before_it_signs()
    {
        var app = new SmartApp(_host);
        var keys = _host.Services.GetRequiredService<ServerKeys>();
        var before = await app.LaunchAsync(Scope);

        await keys.RotateAsync(Cancellation);
        Assert.Equal(2, await PublishedAsync());
        var waiting = await app.RefreshAsync(SmartApp.Text(before, "refresh_token"));
        Assert.Equal(KidOf(before), KidOf(waiting));

        _clock.Advance(TimeSpan.FromMinutes(11));
        await keys.RefreshAsync(Cancellation);
        var after = await app.RefreshAsync(SmartApp.Text(waiting, "refresh_token"));
        Assert.NotEqual(KidOf(before), KidOf(after));
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(after, "access_token"))).Status);
        Assert.Equal(2, await PublishedAsync());

        _clock.Advance(TimeSpan.FromDays(1));
        await keys.RefreshAsync(Cancellation);
        Assert.Equal(1, await PublishedAsync());
    }

    private async Task<int> PublishedAsync() => (await _host.GetAsync("/auth/jwks")).Json["keys"]!.AsArray().Count;

    private static string KidOf(Answer answer) => new JsonWebToken(SmartApp.Text(answer, "access_token")).Kid;
}
