using System.Net;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>Issuers elsewhere: the forms their tokens take, and how they change keys, revoke and fail.</summary>
public sealed class ExternalIssuerTests : IAsyncLifetime
{
    private readonly IssuerProcess _issuer = new();

    public ValueTask InitializeAsync() => _issuer.InitializeAsync();

    public ValueTask DisposeAsync() => _issuer.DisposeAsync();

    [Theory]
    [InlineData("duende")]
    [InlineData("duende-text")]
    [InlineData("keycloak")]
    [InlineData("entra")]
    public async Task Tokens_of_every_shape_are_understood(string shape)
    {
        await using var host = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:ValidTypes:0", "at+jwt");
            set("Auth:Issuers:0:ValidTypes:1", "JWT");
            set("Auth:Issuers:0:UnescapeScopes", "true");
        });
        var reading = await _issuer.MintAsync(shape, "system/Patient.rs");

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, reading)).Status);
        var writing = await host.PostAsync("/fhir/Patient", """{"resourceType":"Patient"}""", $"Authorization: Bearer {reading}");
        Assert.Equal(HttpStatusCode.Forbidden, writing.Status);
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_the_first_token_names_it_and_a_withdrawn_one_stops_working()
    {
        await using var host = await _issuer.TrustedAsync();
        var old = await _issuer.MintAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, old)).Status);

        await _issuer.RotateAsync("key-2", keep: true);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, await _issuer.MintAsync())).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, old)).Status);

        await _issuer.RotateAsync("key-3");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, await _issuer.MintAsync())).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, old)).Status);
    }

    [Fact]
    public async Task Names_of_keys_that_anybody_can_invent_do_not_make_it_fetch_again_and_again()
    {
        await using var host = await _issuer.TrustedAsync();
        for (var i = 0; i < 20; i++)
        {
            var invented = await _issuer.MintAsync(header: new() { ["kid"] = $"invented-{i}" });
            Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, invented)).Status);
        }

        Assert.InRange(await _issuer.FetchesAsync(), 1, 5);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, await _issuer.MintAsync())).Status);
    }

    [Fact]
    public async Task While_the_issuer_is_down_its_keys_go_on_counting()
    {
        await using var host = await _issuer.TrustedAsync();
        var seen = await _issuer.MintAsync();
        var unseen = await _issuer.MintAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, seen)).Status);

        await _issuer.StopAsync();

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, seen)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, unseen)).Status);
    }

    [Fact]
    public async Task A_token_that_nobody_can_judge_is_answered_503_and_not_called_bad()
    {
        await using var host = await _issuer.TrustedAsync();
        var token = await _issuer.MintAsync();
        await _issuer.StopAsync();

        var answer = await GetAsync(host, token);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "transient"), (answer.Status, answer.IssueCode));
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
        Assert.Empty(answer.Headers.WwwAuthenticate);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("/fhir/metadata")).Status);
    }

    [Fact]
    public async Task Metadata_that_names_another_issuer_is_not_believed()
    {
        await using var host = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:Issuer", "https://somebody.example");
            set("Auth:Issuers:0:MetadataAddress", _issuer.Address + "/.well-known/openid-configuration");
        });

        var answer = await GetAsync(host, await _issuer.MintAsync(claims: new() { ["iss"] = "https://somebody.example" }));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
    }

    [Fact]
    public async Task An_issuer_that_is_to_be_asked_is_asked_again_within_seconds()
    {
        await using var host = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:RevocationMode", "Introspection");
            set("Auth:Issuers:0:IntrospectionClientId", "telefhir");
            set("Auth:Issuers:0:IntrospectionClientSecret", "introspect");
        });
        var token = await _issuer.MintAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, token)).Status);

        await _issuer.RevokeAsync(token);

        var until = System.Diagnostics.Stopwatch.StartNew();
        while ((await GetAsync(host, token)).Status == HttpStatusCode.OK && until.Elapsed < TimeSpan.FromSeconds(15))
        {
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        Assert.InRange(until.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(7));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, await _issuer.MintAsync())).Status);
    }

    [Fact]
    public async Task A_wrong_introspection_secret_lets_nobody_in()
    {
        await using var host = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:RevocationMode", "Introspection");
            set("Auth:Issuers:0:IntrospectionClientId", "telefhir");
            set("Auth:Issuers:0:IntrospectionClientSecret", "wrong");
        });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(host, await _issuer.MintAsync())).Status);
    }

    [Fact]
    public async Task Apps_are_led_to_the_issuer()
    {
        await using var host = await _issuer.TrustedAsync();

        var answer = await host.GetAsync("/fhir/.well-known/smart-configuration", "Origin: https://app.example");

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.ContentHeaders.ContentType?.MediaType));
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal(_issuer.Address + "/token", (string?)answer.Json["token_endpoint"]);
        Assert.Equal(["S256"], answer.Json["code_challenge_methods_supported"]!.AsArray().Select(method => (string?)method));
        var capabilities = answer.Json["capabilities"]!.AsArray().Select(capability => (string?)capability).ToList();
        Assert.Contains("permission-v2", capabilities);
        Assert.DoesNotContain("launch-ehr", capabilities);
        await _issuer.StopAsync();
        await using var other = await _issuer.TrustedAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await other.GetAsync("/fhir/.well-known/smart-configuration")).Status);
    }

    private static Task<Answer> GetAsync(TelehealthHost host, string token) => host.GetAsync("/fhir/Patient?_count=0", $"Authorization: Bearer {token}");
}
