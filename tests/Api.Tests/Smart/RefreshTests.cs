using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>How long a grant lives and how it ends.</summary>
public sealed class RefreshTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private TelehealthHost Host => fixture.Server;

    [Fact]
    public async Task A_refresh_gives_the_same_context_and_another_refresh_token()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();

        var second = await app.RefreshAsync(SmartApp.Text(first, "refresh_token"));

        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(SmartApp.ScopesOf(first), SmartApp.ScopesOf(second));
        Assert.Equal("demo-amy", SmartApp.Text(second, "patient"));
        Assert.NotEqual(SmartApp.Text(first, "refresh_token"), SmartApp.Text(second, "refresh_token"));
        Assert.Contains("no-store", second.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(second, "access_token"))).Status);
    }

    [Fact]
    public async Task A_refresh_may_ask_for_less_but_not_for_more()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync("launch/patient offline_access patient/Patient.rs patient/Observation.rs");

        var less = await app.RefreshAsync(SmartApp.Text(first, "refresh_token"), ("scope", "patient/Patient.rs"));
        var more = await app.RefreshAsync(SmartApp.Text(less, "refresh_token"), ("scope", "patient/Patient.rs patient/Condition.rs"));

        Assert.Equal(["patient/Patient.rs"], SmartApp.ScopesOf(less));
        Assert.Equal(HttpStatusCode.BadRequest, more.Status);
    }

    [Fact]
    public async Task A_public_client_may_leave_out_who_it_is()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();

        var second = await app.RefreshAsync(SmartApp.Text(first, "refresh_token"), ("client_id", null));

        Assert.Equal(HttpStatusCode.OK, second.Status);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task Nonsense_is_refused(string token)
    {
        var answer = await new SmartApp(Host).RefreshAsync(token);

        Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Another_client_cannot_use_it()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();
        var other = new SmartApp(Host, "demo-backend", "demo-backend-secret");

        var answer = await other.RefreshAsync(SmartApp.Text(first, "refresh_token"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }

    [Fact]
    public async Task A_refresh_token_that_comes_twice_ends_the_grant_at_once()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();
        var second = await app.RefreshAsync(SmartApp.Text(first, "refresh_token"));

        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(second, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(second, "refresh_token"))).Status);
    }

    [Fact]
    public async Task Online_access_ends_with_the_session()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync("launch/patient online_access patient/*.rs");
        var second = await app.RefreshAsync(SmartApp.Text(first, "refresh_token"));
        Assert.Equal(HttpStatusCode.OK, second.Status);

        await Host.Services.GetRequiredService<ISessions>().EndAsync(app.SessionId, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(second, "refresh_token"))).Status);
    }

    [Fact]
    public async Task Offline_access_outlives_the_session()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();

        await Host.Services.GetRequiredService<ISessions>().EndAsync(app.SessionId, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }

    [Fact]
    public async Task Without_either_there_is_nothing_to_refresh_with()
    {
        var answer = await new SmartApp(Host).LaunchAsync("launch/patient patient/*.rs");

        Assert.Null(answer.Json["refresh_token"]);
    }

    [Fact]
    public async Task A_disabled_user_has_no_tokens()
    {
        var accounts = Host.Services.GetRequiredService<IUserAccounts>();
        var account = await accounts.AddAsync(
            new NewAccount("leaving", "Leaving", UserRole.Clinician, "Practitioner/demo-lee"), "Telefhir-demo-1", TestContext.Current.CancellationToken);
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync(userName: "leaving");

        await accounts.ChangeAsync(account with { IsDisabled = true }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(first, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }

    [Fact]
    public async Task Revoking_the_refresh_token_ends_the_grant()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();

        var answer = await app.PostAsync("/auth/revoke", [("client_id", app.ClientId), ("token", SmartApp.Text(first, "refresh_token"))]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(first, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }

    [Fact]
    public async Task Revoking_an_access_token_ends_that_token()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();

        var answer = await app.PostAsync("/auth/revoke", [("client_id", app.ClientId), ("token", SmartApp.Text(first, "access_token"))]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(first, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }

    [Fact]
    public async Task A_user_sees_and_takes_back_what_was_granted()
    {
        var app = new SmartApp(Host);
        var first = await app.LaunchAsync();
        var grants = Host.Services.GetRequiredService<IGrants>();
        var cancellation = TestContext.Current.CancellationToken;
        var grant = (await grants.OfUserAsync(app.User.Id, cancellation))[0];

        Assert.Equal("demo-app", grant.ClientId);
        Assert.Equal("Demo app", grant.ClientName);
        Assert.Equal(SmartApp.ScopesOf(first), [.. grant.Scopes.Order(StringComparer.Ordinal)]);
        Assert.False(await grants.RevokeAsync("somebody-else", grant.Id, cancellation));
        Assert.True(await grants.RevokeAsync(app.User.Id, grant.Id, cancellation));
        Assert.DoesNotContain(await grants.OfUserAsync(app.User.Id, cancellation), left => left.Id == grant.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(first, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(first, "refresh_token"))).Status);
    }
}
