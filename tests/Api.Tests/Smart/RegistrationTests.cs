using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Applications that register themselves (RFC 7591).</summary>
public sealed class RegistrationTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private const string AppMetadata = """
        {"client_name":"My app","redirect_uris":["http://localhost:3000/"],"token_endpoint_auth_method":"METHOD",
         "grant_types":["authorization_code","refresh_token"],"response_types":["code"],
         "scope":"launch/patient openid fhirUser offline_access patient/*.rs"}
        """;

    private TelehealthHost Host => fixture.Server;

    [Fact]
    public async Task A_public_app_registers_and_launches()
    {
        var registered = await RegisterAsync(AppMetadata.Replace("METHOD", "none", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Null(registered.Json["client_secret"]);
        Assert.Contains("no-store", registered.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        var tokens = await new SmartApp(Host, SmartApp.Text(registered, "client_id")).LaunchAsync(userName: "patient");
        Assert.Equal("demo-amy", SmartApp.Text(tokens, "patient"));
    }

    [Fact]
    public async Task An_app_with_a_secret_registers_launches_and_refreshes()
    {
        var registered = await RegisterAsync(AppMetadata.Replace("METHOD", "client_secret_basic", StringComparison.Ordinal));
        var id = SmartApp.Text(registered, "client_id");
        var app = new SmartApp(Host, id, SmartApp.Text(registered, "client_secret"));

        var tokens = await app.LaunchAsync();
        var refreshed = await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"));
        var unproved = await new SmartApp(Host, id).RefreshAsync(SmartApp.Text(refreshed, "refresh_token"));
        var silent = await new SmartApp(Host, id).RefreshAsync(SmartApp.Text(refreshed, "refresh_token"), ("client_id", null));

        Assert.Equal(0, registered.Json["client_secret_expires_at"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
        Assert.True(unproved.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized);
        Assert.True(silent.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_app_with_a_key_registers_launches_and_refreshes()
    {
        using var key = new Assertion(isRsa: true);
        var metadata = JsonNode.Parse(AppMetadata.Replace("METHOD", "private_key_jwt", StringComparison.Ordinal))!;
        metadata["jwks"] = JsonNode.Parse(key.Jwks);
        var registered = await RegisterAsync(metadata.ToJsonString());
        var app = new SmartApp(Host, SmartApp.Text(registered, "client_id"));
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);
        (string, string?)[] Proof() =>
            [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", key.Sign(app.ClientId))];

        var tokens = await app.ExchangeAsync(code, Proof());
        var refreshed = await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"), Proof());

        Assert.NotEmpty(SmartApp.Text(tokens, "id_token"));
        Assert.Equal(HttpStatusCode.OK, refreshed.Status);
    }

    [Fact]
    public async Task A_backend_registers_with_its_system_scopes_but_never_introspects()
    {
        using var key = new Assertion();
        var registered = await RegisterAsync(Backend(key).ToJsonString());
        var app = new SmartApp(Host, SmartApp.Text(registered, "client_id"));
        (string, string?)[] Proof() =>
            [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", key.Sign(app.ClientId))];

        var tokens = await app.PostAsync("/auth/token", [("grant_type", "client_credentials"), ("scope", "system/Patient.rs"), .. Proof()]);
        var introspected = await app.PostAsync("/auth/introspect", [("token", SmartApp.Text(tokens, "access_token")), .. Proof()]);

        Assert.Equal("system/Patient.rs", SmartApp.Text(tokens, "scope"));
        Assert.True(introspected.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("redirect_uris", """["https://app.example/#x"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["http://app.example/"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["https://user:pass@app.example/"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["https://*.example/"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["javascript:alert(1)"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", """["/relative"]""", "invalid_redirect_uri")]
    [InlineData("redirect_uris", "[]", "invalid_client_metadata")]
    [InlineData("redirect_uris", "[1]", "invalid_client_metadata")]
    [InlineData("redirect_uris", "\"https://app.example/\"", "invalid_client_metadata")]
    [InlineData("client_name", "\"\"", "invalid_client_metadata")]
    [InlineData("client_name", "{}", "invalid_client_metadata")]
    [InlineData("token_endpoint_auth_method", "\"tls_client_auth\"", "invalid_client_metadata")]
    [InlineData("token_endpoint_auth_method", "\"private_key_jwt\"", "invalid_client_metadata")]
    [InlineData("grant_types", """["password"]""", "invalid_client_metadata")]
    [InlineData("grant_types", """["client_credentials"]""", "invalid_client_metadata")]
    [InlineData("response_types", """["token"]""", "invalid_client_metadata")]
    [InlineData("initiate_login_uri", "\"http://app.example/launch\"", "invalid_client_metadata")]
    public async Task What_makes_no_sense_is_refused(string name, string value, string error)
    {
        var metadata = JsonNode.Parse(AppMetadata.Replace("METHOD", "none", StringComparison.Ordinal))!;
        metadata[name] = JsonNode.Parse(value);

        var answer = await RegisterAsync(metadata.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(error, SmartApp.Text(answer, "error"));
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","kid":"k","k":"c2VjcmV0"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","kid":"k","crv":"P-384","x":"AA","y":"AA","d":"AA"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}""")]
    [InlineData("\"text\"")]
    public async Task Weak_private_or_nameless_keys_are_refused(string jwks)
    {
        using var key = new Assertion();
        var metadata = Backend(key);
        metadata["jwks"] = JsonNode.Parse(jwks);

        Assert.Equal(HttpStatusCode.BadRequest, (await RegisterAsync(metadata.ToJsonString())).Status);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("{\"client_name\":\"a\",\"client_name\":\"b\"}")]
    public async Task A_body_that_is_no_metadata_is_refused(string body) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await RegisterAsync(body)).Status);

    [Fact]
    public async Task A_body_without_end_is_refused() =>
        Assert.Equal(HttpStatusCode.BadRequest, (await RegisterAsync($$"""{"client_name":"{{new string('x', 100_000)}}"}""")).Status);

    private static JsonNode Backend(Assertion key)
    {
        var metadata = JsonNode.Parse("""
            {"client_name":"My backend","token_endpoint_auth_method":"private_key_jwt","grant_types":["client_credentials"],"scope":"system/*.rs"}
            """)!;
        metadata["jwks"] = JsonNode.Parse(key.Jwks);
        return metadata;
    }

    private async Task<Answer> RegisterAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        return await Answer.OfAsync(await Host.Client.PostAsync("/auth/register", content, TestContext.Current.CancellationToken));
    }
}
