using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What applications read before they do anything.</summary>
public sealed class DiscoveryTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private const string Address = "/fhir/.well-known/smart-configuration";

    private TelehealthHost Host => fixture.Server;

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    [InlineData("application/fhir+xml")]
    public async Task The_smart_configuration_is_public_JSON_whatever_is_asked_for(string accept)
    {
        var answer = await Host.GetAsync(Address, $"Accept: {accept}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/json", answer.ContentHeaders.ContentType!.MediaType);
    }

    [Theory]
    [InlineData(Address)]
    [InlineData("/fhir/metadata")]
    [InlineData("/auth/jwks")]
    [InlineData("/auth/.well-known/openid-configuration")]
    public async Task Pages_of_any_origin_may_read_what_is_public(string address)
    {
        var answer = await Host.GetAsync(address, "Origin: https://app.example");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task The_smart_configuration_names_everything_that_there_is()
    {
        var json = (await Host.GetAsync(Address)).Json;

        string[] addresses =
        [
            "authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "registration_endpoint", "jwks_uri",
            "issuer", "user_access_brand_bundle",
        ];
        Assert.All(addresses, name => Assert.StartsWith("http://localhost/auth", json[name]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.Equal(["S256"], Words(json, "code_challenge_methods_supported"));
        Assert.Contains("authorization_code", Words(json, "grant_types_supported"));
        Assert.Contains("client_credentials", Words(json, "grant_types_supported"));
        Assert.Contains("private_key_jwt", Words(json, "token_endpoint_auth_methods_supported"));
        Assert.Equal(["RS384", "ES384"], Words(json, "token_endpoint_auth_signing_alg_values_supported"));
        Assert.Contains("patient/*.cruds", Words(json, "scopes_supported"));
        string[] demanded =
        [
            "launch-standalone", "launch-ehr", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
            "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient", "permission-offline",
            "permission-online", "permission-patient", "permission-user", "authorize-post", "permission-v1", "permission-v2",
        ];
        Assert.Empty(demanded.Except(Words(json, "capabilities")));
    }

    [Fact]
    public async Task The_capability_statement_names_the_same_addresses()
    {
        var smart = (await Host.GetAsync(Address)).Json;
        var security = (await Host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["security"]!;

        Assert.True(security["cors"]!.GetValue<bool>());
        Assert.Equal("SMART-on-FHIR", security["service"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        var uris = security["extension"]![0]!["extension"]!.AsArray()
            .ToDictionary(uri => uri!["url"]!.GetValue<string>(), uri => uri!["valueUri"]!.GetValue<string>());
        (string Short, string Name)[] names =
        [
            ("authorize", "authorization_endpoint"), ("token", "token_endpoint"), ("register", "registration_endpoint"),
            ("manage", "management_endpoint"), ("introspect", "introspection_endpoint"), ("revoke", "revocation_endpoint"),
        ];
        Assert.Equal(names.ToDictionary(name => name.Short, name => smart[name.Name]!.GetValue<string>()), uris);
    }

    [Fact]
    public async Task The_OpenID_configuration_agrees_with_it()
    {
        var smart = (await Host.GetAsync(Address)).Json;
        var openId = (await Host.GetAsync("/auth/.well-known/openid-configuration")).Json;

        string[] shared = ["issuer", "authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "registration_endpoint", "jwks_uri"];
        Assert.All(shared, name => Assert.Equal(smart[name]!.GetValue<string>(), openId[name]!.GetValue<string>()));
        Assert.Contains("RS256", Words(openId, "id_token_signing_alg_values_supported"));
        Assert.Equal(["S256"], Words(openId, "code_challenge_methods_supported"));
        Assert.Equal(["code"], Words(openId, "response_types_supported"));
        Assert.NotEmpty(Words(openId, "subject_types_supported"));
    }

    [Fact]
    public async Task Addresses_never_follow_the_Host_header()
    {
        var smart = await Host.GetAsync(Address, "Host: localhost:81");
        var openId = await Host.GetAsync("/auth/.well-known/openid-configuration", "Host: localhost:81");

        Assert.DoesNotContain(":81", smart.Body, StringComparison.Ordinal);
        Assert.Equal("http://localhost/auth", openId.Json["issuer"]!.GetValue<string>());
        Assert.DoesNotContain(":81", openId.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_set_holds_public_RSA_keys_and_nothing_private()
    {
        var keys = (await Host.GetAsync("/auth/jwks")).Json["keys"]!.AsArray();

        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.Equal("RSA", key!["kty"]!.GetValue<string>()));
        Assert.All(keys, key => Assert.Null(key!["d"]));
    }

    [Fact]
    public async Task The_brand_bundle_names_this_server()
    {
        var smart = (await Host.GetAsync(Address)).Json;
        var answer = await Host.GetAsync("/auth/brands");
        var resources = answer.Json["entry"]!.AsArray().Select(entry => entry!["resource"]!).ToList();
        var organization = resources.Single(resource => resource["resourceType"]!.GetValue<string>() == "Organization");
        var endpoint = resources.Single(resource => resource["resourceType"]!.GetValue<string>() == "Endpoint");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.NotNull(answer.ETag);
        Assert.Equal("collection", answer.Json["type"]!.GetValue<string>());
        Assert.NotNull(answer.Json["timestamp"]);
        Assert.Equal("http://localhost/fhir", endpoint["address"]!.GetValue<string>());
        Assert.Equal("Endpoint/brand", organization["endpoint"]![0]!["reference"]!.GetValue<string>());
        Assert.Equal(
            smart["user_access_brand_identifier"]!["value"]!.GetValue<string>(),
            organization["identifier"]![0]!["value"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotModified, (await Host.GetAsync("/auth/brands", $"If-None-Match: {answer.ETag}")).Status);
    }

    [Fact]
    public async Task No_page_of_the_authorization_server_may_be_framed()
    {
        var answer = await Host.GetAsync("/auth/authorize?client_id=nobody");

        Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
        Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
    }

    private static List<string> Words(JsonNode json, string name) => [.. json[name]!.AsArray().Select(item => item!.GetValue<string>())];
}
