using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>Tokens that must not let anybody in, each the wrong one for one reason.</summary>
public sealed class ForgeryTests(ForgeryTests.Trust trust) : IClassFixture<ForgeryTests.Trust>
{
    private const string Address = "/fhir/Patient?_count=0";

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public async Task A_good_token_is_let_in_so_that_the_others_are_refused_for_what_is_wrong_with_them()
    {
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(await trust.Issuer.MintAsync())).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(await trust.Issuer.MintAsync(algorithm: "ES256"))).Status);
    }

    [Fact]
    public async Task Expired() => await RefusedAsync(claims: new() { ["exp"] = Now - 60, ["iat"] = Now - 360, ["nbf"] = Now - 360 });

    [Fact]
    public async Task Without_an_end() => await RefusedAsync(claims: new() { ["exp"] = null });

    [Fact]
    public async Task Living_longer_than_revocations_are_remembered() => await RefusedAsync(claims: new() { ["exp"] = Now + 100_000 });

    [Fact]
    public async Task Living_long_without_saying_since_when() =>
        await RefusedAsync(claims: new() { ["exp"] = Now + 100_000, ["iat"] = null, ["nbf"] = null });

    [Fact]
    public async Task Not_valid_yet() => await RefusedAsync(claims: new() { ["nbf"] = Now + 600 });

    [Fact]
    public async Task For_another_audience() => await RefusedAsync(claims: new() { ["aud"] = "http://elsewhere/fhir" });

    [Fact]
    public async Task For_no_audience() => await RefusedAsync(claims: new() { ["aud"] = null });

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    public async Task Unsigned(string algorithm)
    {
        await RefusedAsync(algorithm: "none");
        await RefusedAsync(algorithm: algorithm);
        var parts = (await trust.Issuer.MintAsync()).Split('.');
        await RefusedAsync($"{parts[0]}.{parts[1]}.");
        await RefusedAsync($"{parts[0]}.{parts[1]}");
    }

    [Fact]
    public async Task Signed_with_the_public_key_as_a_shared_secret() => await RefusedAsync(algorithm: "HS256");

    [Fact]
    public async Task Signed_with_an_algorithm_that_does_not_fit_the_key() => await RefusedAsync(algorithm: "ES256", header: new() { ["kid"] = "key-1" });

    [Fact]
    public async Task Changed_after_it_was_signed()
    {
        var parts = (await trust.Issuer.MintAsync(scopes: "system/Slot.r")).Split('.');
        var wider = (await trust.Issuer.MintAsync()).Split('.');

        await RefusedAsync($"{parts[0]}.{wider[1]}.{parts[2]}");
        await RefusedAsync($"{parts[0]}.{parts[1]}.{parts[2][..^4]}AAAA");
    }

    [Fact]
    public async Task An_id_token_by_its_type() => await RefusedAsync(header: new() { ["typ"] = "JWT" });

    [Fact]
    public async Task Of_no_type() => await RefusedAsync(header: new() { ["typ"] = null });

    [Fact]
    public async Task An_id_token_where_access_tokens_have_the_same_type()
    {
        await using var host = await trust.Issuer.TrustedAsync(set => set("Auth:Issuers:0:ValidTypes:0", "JWT"));

        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(Address, $"Authorization: Bearer {await trust.Issuer.MintAsync("keycloak")}")).Status);
        foreach (var claims in (JsonObject[])[new() { ["typ"] = "ID" }, new() { ["typ"] = "Refresh" }, new() { ["at_hash"] = "x" }])
        {
            var answer = await host.GetAsync(Address, $"Authorization: Bearer {await trust.Issuer.MintAsync("keycloak", claims: claims)}");
            Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        }
    }

    [Fact]
    public async Task Naming_another_issuer_s_key()
    {
        // Both issuers have a key-1; the other one also has a key that this one has not.
        await RefusedAsync(await trust.Other.MintAsync(claims: new() { ["iss"] = trust.Issuer.Address }));
        await trust.Other.RotateAsync("key-of-the-other", keep: true);
        await RefusedAsync(await trust.Other.MintAsync(claims: new() { ["iss"] = trust.Issuer.Address }));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(await trust.Other.MintAsync())).Status);
    }

    [Fact]
    public async Task Of_an_issuer_that_is_not_trusted()
    {
        await RefusedAsync(claims: new() { ["iss"] = "https://issuer.example" });
        await RefusedAsync(claims: new() { ["iss"] = trust.Issuer.Address + "/" });
        await RefusedAsync(claims: new() { ["iss"] = null });
    }

    [Fact]
    public async Task Bringing_its_own_key()
    {
        await RefusedAsync(header: new() { ["kid"] = "mine", ["jku"] = trust.Other.Address + "/jwks" });
        await RefusedAsync(header: new() { ["crit"] = new JsonArray("b64"), ["b64"] = false });
    }

    [Fact]
    public async Task Of_nobody() => await RefusedAsync(claims: new() { ["client_id"] = null });

    [Fact]
    public async Task In_the_query()
    {
        var token = await trust.Issuer.MintAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await trust.Host.GetAsync($"/fhir/Patient?access_token={token}")).Status);
        var twice = await trust.Host.GetAsync($"/fhir/Patient?access_token={token}", $"Authorization: Bearer {token}");
        Assert.Equal(HttpStatusCode.BadRequest, twice.Status);
        Assert.DoesNotContain(token, twice.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_form()
    {
        var token = await trust.Issuer.MintAsync();
        foreach (var (header, status) in ((string?, HttpStatusCode)[])[(null, HttpStatusCode.Unauthorized), ($"Bearer {token}", HttpStatusCode.BadRequest)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient/_search");
            request.Content = new FormUrlEncodedContent([new("access_token", token)]);
            request.Headers.TryAddWithoutValidation("Authorization", header);
            var answer = await Answer.OfAsync(await trust.Host.Client.SendAsync(request, TestContext.Current.CancellationToken));
            Assert.Equal(status, answer.Status);
            Assert.DoesNotContain(token, answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task In_two_headers()
    {
        var token = await trust.Issuer.MintAsync();

        var answer = await trust.Host.GetAsync(Address, $"Authorization: Bearer {token}", $"Authorization: Bearer {token}");

        Assert.Equal((HttpStatusCode.BadRequest, "invalid"), (answer.Status, answer.IssueCode));
        Assert.StartsWith("Bearer error=\"invalid_request\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Huge() => await RefusedAsync(claims: new() { ["padding"] = new string('x', 20_000) });

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("....")]
    [InlineData("a.b.c")]
    [InlineData("e30.e30.e30")]
    [InlineData("bnVsbA.bnVsbA.bnVsbA")]
    [InlineData("W10.W10.W10")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOlsiYSJdfQ.AAAA")]
    [InlineData("eyJhbGciOnsieCI6MX0sInR5cCI6MX0.eyJpc3MiOjF9.AAAA")]
    [InlineData("\"quoted\"")]
    [InlineData("a b")]
    public async Task No_token_at_all(string text) => await RefusedAsync(text);

    [Fact]
    public async Task With_any_letter_changed()
    {
        var token = await trust.Issuer.MintAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(token)).Status);
        var random = new Random(20261102);
        for (var i = 0; i < 200; i++)
        {
            // The last letter has bits that no decoder looks at.
            var at = random.Next(token.Length - 1);
            var other = "abcXYZ019-_.=+/ "[random.Next(16)];
            if (token[at] != other)
            {
                var changed = token[..at] + other + token[(at + 1)..];
                Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(changed)).Status);
            }
        }
    }

    private Task<Answer> GetAsync(string token) => trust.Host.GetAsync(Address, $"Authorization: Bearer {token}");

    private async Task RefusedAsync(string algorithm = "RS256", JsonObject? header = null, JsonObject? claims = null) =>
        await RefusedAsync(await trust.Issuer.MintAsync(algorithm: algorithm, header: header, claims: claims));

    // However it is wrong, the answer is the same.
    private async Task RefusedAsync(string token)
    {
        var answer = await GetAsync(token);

        Assert.Equal((HttpStatusCode.Unauthorized, "login"), (answer.Status, answer.IssueCode));
        if (token.Length > 0)
        {
            Assert.Equal(
                "Bearer error=\"invalid_token\", error_description=\"The access token is not valid\"", answer.Headers.WwwAuthenticate.ToString());
            Assert.Equal("The access token is not valid here, or no longer. Get a new one.", (string?)answer.Json["issue"]![0]!["details"]!["text"]);
        }
    }

    /// <summary>A server that trusts two issuers.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        public IssuerProcess Issuer { get; } = new();

        public IssuerProcess Other { get; } = new();

        public TelehealthHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Task.WhenAll(Issuer.InitializeAsync().AsTask(), Other.InitializeAsync().AsTask());
            Host = await Issuer.TrustedAsync(set => set("Auth:Issuers:1:Authority", Other.Address));
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Issuer.DisposeAsync();
            await Other.DisposeAsync();
        }
    }
}
