using System.Net;
using Microsoft.IdentityModel.JsonWebTokens;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Who may ask what a token says, and what they are told.</summary>
public sealed class IntrospectionTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private TelehealthHost Host => fixture.Server;

    [Fact]
    public async Task An_active_token_says_what_the_token_answer_said()
    {
        var app = new SmartApp(Host);
        var tokens = await app.LaunchAsync();
        var idToken = new JsonWebToken(SmartApp.Text(tokens, "id_token"));

        var answer = await Backend().PostAsync("/auth/introspect", [("token", SmartApp.Text(tokens, "access_token"))]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(answer.Json["active"]!.GetValue<bool>());
        Assert.Equal("demo-app", SmartApp.Text(answer, "client_id"));
        Assert.Equal(SmartApp.ScopesOf(tokens), SmartApp.ScopesOf(answer));
        Assert.Equal("demo-amy", SmartApp.Text(answer, "patient"));
        Assert.Equal(idToken.Issuer, SmartApp.Text(answer, "iss"));
        Assert.Equal(idToken.Subject, SmartApp.Text(answer, "sub"));
        Assert.Equal(idToken.GetClaim("fhirUser").Value, SmartApp.Text(answer, "fhirUser"));
        Assert.True(answer.Json["exp"]!.GetValue<long>() > TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Nonsense_is_not_active_and_nothing_else()
    {
        var answer = await Backend().PostAsync("/auth/introspect", [("token", "invalid_token_value")]);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("""{"active":false}""", answer.Body);
    }

    [Fact]
    public async Task A_client_may_show_its_own_token_instead_of_its_secret()
    {
        var app = new SmartApp(Host);
        var tokens = await app.LaunchAsync();
        var backend = Backend();
        var own = await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.rs"));

        var answer = await backend.PostAsync(
            "/auth/introspect", [("token", SmartApp.Text(tokens, "access_token"))], ("Authorization", $"Bearer {SmartApp.Text(own, "access_token")}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.True(answer.Json["active"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_users_token_is_no_proof_of_a_client()
    {
        var app = new SmartApp(Host);
        var token = SmartApp.Text(await app.LaunchAsync(), "access_token");

        var answer = await app.PostAsync("/auth/introspect", [("token", token)], ("Authorization", $"Bearer {token}"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
    }

    [Fact]
    public async Task Who_may_not_introspect_learns_nothing()
    {
        var app = new SmartApp(Host);
        var token = SmartApp.Text(await app.LaunchAsync(), "access_token");

        var asApp = await app.PostAsync("/auth/introspect", [("client_id", app.ClientId), ("token", token)]);
        var asNobody = await app.PostAsync("/auth/introspect", [("token", token)]);
        var withoutSecret = await app.PostAsync("/auth/introspect", [("client_id", "demo-backend"), ("token", token)]);
        var wrongSecret = await new SmartApp(Host, "demo-backend", "wrong").PostAsync("/auth/introspect", [("token", token)]);

        Assert.All([asApp, asNobody, withoutSecret, wrongSecret], answer =>
        {
            Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, answer.Status.ToString());
            Assert.DoesNotContain("active", answer.Body, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_revoked_token_is_not_active()
    {
        var app = new SmartApp(Host);
        var tokens = await app.LaunchAsync();
        await app.PostAsync("/auth/revoke", [("client_id", app.ClientId), ("token", SmartApp.Text(tokens, "refresh_token"))]);

        var answer = await Backend().PostAsync("/auth/introspect", [("token", SmartApp.Text(tokens, "access_token"))]);

        Assert.Equal("""{"active":false}""", answer.Body);
    }

    private SmartApp Backend() => new(Host, "demo-backend", "demo-backend-secret");
}
