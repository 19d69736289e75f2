using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Clients that work on their own behalf and sign who they are (SMART Backend Services).</summary>
public sealed class BackendTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private TelehealthHost Host => fixture.Server;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signature_gets_a_token_that_reads(bool isRsa)
    {
        using var key = new Assertion(isRsa);
        var app = await RegisterAsync(key);

        var answer = await TokenAsync(app, key.Sign(app.ClientId));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("Bearer", SmartApp.Text(answer, "token_type"));
        Assert.InRange(answer.Json["expires_in"]!.GetValue<int>(), 1, 300);
        Assert.Equal("system/Patient.rs", SmartApp.Text(answer, "scope"));
        Assert.Null(answer.Json["refresh_token"]);
        Assert.Null(answer.Json["id_token"]);
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-ben", SmartApp.Text(answer, "access_token"))).Status);
    }

    [Fact]
    public async Task It_gets_what_it_was_given_of_what_it_asks()
    {
        using var key = new Assertion();
        var app = await RegisterAsync(key);

        var answer = await TokenAsync(app, key.Sign(app.ClientId), ("scope", "system/Patient.rs system/Observation.rs patient/*.rs openid"));
        var nothing = await TokenAsync(app, key.Sign(app.ClientId), ("scope", "system/Observation.rs"));

        Assert.Equal("system/Patient.rs", SmartApp.Text(answer, "scope"));
        Assert.Equal(HttpStatusCode.BadRequest, nothing.Status);
        Assert.Equal("invalid_scope", SmartApp.Text(nothing, "error"));
    }

    [Theory]
    [InlineData("grant_type", "not_a_grant_type")]
    [InlineData("client_assertion_type", "not_an_assertion_type")]
    public async Task What_there_is_not_is_a_fault_of_the_request(string name, string value)
    {
        using var key = new Assertion();
        var app = await RegisterAsync(key);

        Assert.Equal(HttpStatusCode.BadRequest, (await TokenAsync(app, key.Sign(app.ClientId), (name, value))).Status);
    }

    [Fact]
    public async Task An_assertion_works_once()
    {
        using var key = new Assertion();
        var app = await RegisterAsync(key);
        var assertion = key.Sign(app.ClientId);

        Assert.Equal(HttpStatusCode.OK, (await TokenAsync(app, assertion)).Status);
        Refused(await TokenAsync(app, assertion));
    }

    [Theory]
    [InlineData("exp too late")]
    [InlineData("exp passed")]
    [InlineData("no exp")]
    [InlineData("no jti")]
    [InlineData("other aud")]
    [InlineData("no aud")]
    [InlineData("other sub")]
    [InlineData("other iss")]
    [InlineData("unknown iss")]
    [InlineData("jku")]
    [InlineData("type")]
    [InlineData("algorithm")]
    [InlineData("other key")]
    [InlineData("other kid")]
    [InlineData("nonsense")]
    public async Task A_faulty_assertion_is_refused_without_saying_why(string fault)
    {
        using var key = new Assertion(isRsa: true);
        using var stranger = new Assertion(isRsa: true);
        using var unnamed = new Assertion(isRsa: true, kid: "k2");
        var app = await RegisterAsync(key);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        if (fault == "algorithm")
        {
            key.Algorithm = "RS256";
        }

        var assertion = fault switch
        {
            "exp too late" => key.Sign(app.ClientId, claims => claims["exp"] = now + 400),
            "exp passed" => key.Sign(app.ClientId, claims => claims["exp"] = now - 30),
            "no exp" => key.Sign(app.ClientId, claims => claims.Remove("exp")),
            "no jti" => key.Sign(app.ClientId, claims => claims.Remove("jti")),
            "other aud" => key.Sign(app.ClientId, claims => claims["aud"] = "https://elsewhere.example/token"),
            "no aud" => key.Sign(app.ClientId, claims => claims.Remove("aud")),
            "other sub" => key.Sign(app.ClientId, claims => claims["sub"] = "demo-backend"),
            "other iss" => key.Sign(app.ClientId, claims => claims["iss"] = "demo-backend"),
            "unknown iss" => key.Sign("nobody"),
            "jku" => key.Sign(app.ClientId, header: new() { ["jku"] = "https://evil.example/jwks" }),
            "type" => key.Sign(app.ClientId, type: "at+jwt"),
            "other key" => stranger.Sign(app.ClientId),
            "other kid" => unnamed.Sign(app.ClientId),
            "nonsense" => "a.b.c",
            _ => key.Sign(app.ClientId),
        };

        Refused(await TokenAsync(app, assertion));
    }

    [Fact]
    public async Task A_secret_is_not_enough()
    {
        var clients = Host.Services.GetRequiredService<IClients>();
        var secret = await clients.AddAsync(
            new("with-secret", "With a secret", ClientKind.Symmetric) { IsBackend = true, Scopes = ["system/*.rs"] }, TestContext.Current.CancellationToken);

        var answer = await new SmartApp(Host, "with-secret", secret).TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.rs"));

        Refused(answer);
    }

    [Fact]
    public async Task The_demo_backend_may_use_its_secret()
    {
        var app = new SmartApp(Host, "demo-backend", "demo-backend-secret");

        var answer = await app.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.cruds"));
        var wrong = await new SmartApp(Host, "demo-backend", "wrong").TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.cruds"));

        Assert.Equal("system/*.cruds", SmartApp.Text(answer, "scope"));
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-ben", SmartApp.Text(answer, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
    }

    [Fact]
    public async Task Other_keys_end_what_the_old_ones_got()
    {
        using var key = new Assertion();
        using var next = new Assertion(kid: "k2");
        var app = await RegisterAsync(key);
        var token = SmartApp.Text(await TokenAsync(app, key.Sign(app.ClientId)), "access_token");
        var clients = Host.Services.GetRequiredService<IClients>();
        var client = (await clients.FindAsync(app.ClientId, TestContext.Current.CancellationToken))!;

        await clients.ChangeAsync(client with { Jwks = next.Jwks }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-ben", token)).Status);
        Refused(await TokenAsync(app, key.Sign(app.ClientId)));
        Assert.Equal(HttpStatusCode.OK, (await TokenAsync(app, next.Sign(app.ClientId))).Status);
    }

    private static void Refused(Answer answer)
    {
        Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized, $"{answer.Status} {answer.Body}");
        Assert.Equal("invalid_client", SmartApp.Text(answer, "error"));
    }

    private static Task<Answer> TokenAsync(SmartApp app, string assertion, params (string, string?)[] changes) => app.PostAsync(
        "/auth/token",
        [("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", Type), ("client_assertion", assertion), .. changes]);

    private async Task<SmartApp> RegisterAsync(Assertion key)
    {
        var id = $"backend-{Guid.NewGuid():N}";
        await Host.Services.GetRequiredService<IClients>().AddAsync(
            new(id, "Backend", ClientKind.Asymmetric) { IsBackend = true, Scopes = ["system/Patient.cruds"], Jwks = key.Jwks, IsTrusted = true },
            TestContext.Current.CancellationToken);
        return new SmartApp(Host, id);
    }
}
