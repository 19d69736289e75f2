using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Smart.Server;

/// <summary>SMART Backend Services: a client that proves itself with a key of its own, signed here by nothing but the platform.</summary>
public sealed class BackendTests
{
    private const string TokenAddress = "http://localhost/auth/token";
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory, InlineData("RS384"), InlineData("ES384")]
    public async Task A_signed_assertion_gets_the_scopes_that_are_registered(string algorithm)
    {
        await using var host = await SmartBrowser.HostAsync();
        var backend = await Backend.RegisterAsync(new SmartBrowser(host.NewBrowser()), algorithm);

        var (status, token) = await backend.TokenAsync(backend.Assertion(), "system/Patient.rs system/Observation.cruds user/Patient.rs");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("system/Patient.rs", token["scope"]!.GetValue<string>());
        Assert.Null(token["refresh_token"]);
        var access = token["access_token"]!.GetValue<string>();
        Assert.Equal(2, (await backend.Browser.FhirAsync(access, "Patient?_count=0")).Json["total"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.Forbidden, (await backend.Browser.FhirAsync(access, "Observation")).Status);
        Assert.Equal("invalid_scope", (await backend.TokenAsync(backend.Assertion(), "system/Observation.cruds")).Json["error"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_assertion_that_is_wrong_in_one_thing_is_refused()
    {
        await using var host = await SmartBrowser.HostAsync();
        var backend = await Backend.RegisterAsync(new SmartBrowser(host.NewBrowser()), "RS384");
        var other = await Backend.RegisterAsync(backend.Browser, "RS384");
        var now = DateTimeOffset.UtcNowForTests();
        foreach (var assertion in (string[])
        [
            backend.Assertion(payload => payload["aud"] = "https://elsewhere.example/token"),
            backend.Assertion(payload => payload["exp"] = now + 3600),
            backend.Assertion(payload => payload["exp"] = now - 60),
            backend.Assertion(payload => payload.Remove("exp")),
            backend.Assertion(payload => payload.Remove("jti")),
            backend.Assertion(payload => payload["iss"] = "somebody"),
            backend.Assertion(payload => payload["sub"] = other.Id),
            backend.Assertion(payload => (payload["iss"], payload["sub"]) = (other.Id, other.Id)),
            backend.Assertion(header: head => head["alg"] = "none"),
            backend.Assertion(header: head => head["alg"] = "HS256"),
            backend.Assertion(header: head => head["kid"] = "another"),
            backend.Assertion(header: head => head.Remove("kid")),
            backend.Assertion(header: head => head["jku"] = "https://elsewhere.example/jwks"),
            "x.y.z",
        ])
        {
            var (status, answer) = await backend.TokenAsync(assertion, "system/Patient.rs");
            Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (status, answer["error"]!.GetValue<string>()));
        }

        var unknown = await backend.Browser.TokenAsync(
            ("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), ("client_assertion_type", "not_an_assertion_type"), ("client_assertion", backend.Assertion()));
        Assert.Equal(HttpStatusCode.BadRequest, unknown.Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await backend.Browser.TokenAsync(("grant_type", "not_a_grant_type"))).Status);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Of_twenty_replays_of_one_assertion_one_counts(bool postgres)
    {
        await using var database = postgres ? await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync() : null;
        await using var host = await SmartBrowser.HostAsync(builder => AuthorizationTests.Use(builder, database?.ConnectionString));
        await using var second = database is null ? null : await SmartBrowser.HostAsync(builder => AuthorizationTests.Use(builder, database.ConnectionString));
        var backend = await Backend.RegisterAsync(new SmartBrowser(host.NewBrowser()), "ES384");
        var nodes = new[] { backend.Browser, new SmartBrowser((second ?? host).NewBrowser()) };

        var assertion = backend.Assertion();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => (backend with { Browser = nodes[at % 2] }).TokenAsync(assertion, "system/Patient.rs")));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal("invalid_client", answer.Json["error"]!.GetValue<string>()));
    }

    private sealed record Backend(SmartBrowser Browser, string Id, string Algorithm, AsymmetricAlgorithm Key)
    {
        public static async Task<Backend> RegisterAsync(SmartBrowser browser, string algorithm)
        {
            AsymmetricAlgorithm key = algorithm == "RS384" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384);
            var jwk = key switch
            {
                RSA rsa => new JsonObject
                {
                    ["kty"] = "RSA",
                    ["n"] = Base64UrlEncoder.Encode(rsa.ExportParameters(false).Modulus),
                    ["e"] = Base64UrlEncoder.Encode(rsa.ExportParameters(false).Exponent),
                },
                _ => new JsonObject
                {
                    ["kty"] = "EC",
                    ["crv"] = "P-384",
                    ["x"] = Base64UrlEncoder.Encode(((ECDsa)key).ExportParameters(false).Q.X),
                    ["y"] = Base64UrlEncoder.Encode(((ECDsa)key).ExportParameters(false).Q.Y),
                },
            };
            (jwk["kid"], jwk["alg"]) = ("k1", algorithm);
            var metadata = new JsonObject
            {
                ["client_name"] = "Backend",
                ["grant_types"] = new JsonArray("client_credentials"),
                ["token_endpoint_auth_method"] = "private_key_jwt",
                ["scope"] = "system/Patient.rs",
                ["jwks"] = new JsonObject { ["keys"] = new JsonArray(jwk) },
            };
            using var answer = await browser.Http.PostAsync(
                "/auth/register", new StringContent(metadata.ToJsonString(), Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            var id = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["client_id"]!.GetValue<string>();
            return new(browser, id, algorithm, key);
        }

        public string Assertion(Action<JsonObject>? payload = null, Action<JsonObject>? header = null)
        {
            var head = new JsonObject { ["alg"] = Algorithm, ["typ"] = "JWT", ["kid"] = "k1" };
            var body = new JsonObject
            {
                ["iss"] = Id,
                ["sub"] = Id,
                ["aud"] = TokenAddress,
                ["exp"] = DateTimeOffset.UtcNowForTests() + 300,
                ["jti"] = Guid.NewGuid().ToString(),
            };
            header?.Invoke(head);
            payload?.Invoke(body);
            var text = $"{Base64UrlEncoder.Encode(head.ToJsonString())}.{Base64UrlEncoder.Encode(body.ToJsonString())}";
            var bytes = Encoding.ASCII.GetBytes(text);
            var signature = Key is RSA rsa
                ? rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)
                : ((ECDsa)Key).SignData(bytes, HashAlgorithmName.SHA384);
            return $"{text}.{Base64UrlEncoder.Encode(signature)}";
        }

        public Task<(HttpStatusCode Status, JsonNode Json)> TokenAsync(string assertion, string scope) => Browser.TokenAsync(
            ("grant_type", "client_credentials"), ("scope", scope), ("client_assertion_type", AssertionType), ("client_assertion", assertion));
    }
}

/// <summary>The clock as JWTs tell it.</summary>
internal static class TestClock
{
    extension(DateTimeOffset)
    {
        public static long UtcNowForTests() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
    }
}
