using System.Net;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>What is answered to whoever may not, and to browsers that ask first.</summary>
public sealed class GateTests(GateTests.Trust trust) : IClassFixture<GateTests.Trust>
{
    [Theory]
    [InlineData("GET", "/fhir/Patient")]
    [InlineData("GET", "/fhir/Patient/some")]
    [InlineData("GET", "/fhir/NoSuchType/some")]
    [InlineData("GET", "/fhir/Patient/some/_history/1")]
    [InlineData("GET", "/fhir")]
    [InlineData("GET", "/fhir/_history")]
    [InlineData("POST", "/fhir")]
    [InlineData("POST", "/fhir/Patient")]
    [InlineData("PUT", "/fhir/Patient/some")]
    [InlineData("DELETE", "/fhir/Patient/some")]
    public async Task Nobody_gets_in_without_a_token(string method, string address)
    {
        var answer = await trust.Host.SendAsync(method, address, method is "POST" or "PUT" ? "{" : null, "X-Request-Id: my-id", "Origin: https://app.example");

        Assert.Equal((HttpStatusCode.Unauthorized, "login"), (answer.Status, answer.IssueCode));
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/fhir+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("my-id", Assert.Single(answer.Headers.GetValues("X-Request-Id")));
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("Basic ZGVtbzpkZW1v")]
    [InlineData("Bearer")]
    [InlineData("Negotiate abc")]
    public async Task Another_scheme_is_no_token(string header)
    {
        var answer = await trust.Host.GetAsync("/fhir/Patient", $"Authorization: {header}");

        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (answer.Status, answer.Headers.WwwAuthenticate.ToString()));
    }

    [Fact]
    public async Task The_scheme_is_read_without_case()
    {
        Assert.Equal(HttpStatusCode.OK, (await trust.Host.GetAsync("/fhir/Patient", $"Authorization: bEARER {await trust.Issuer.MintAsync()}")).Status);
    }

    [Fact]
    public async Task The_capability_statement_is_for_everyone_even_with_a_bad_token()
    {
        Assert.Equal(HttpStatusCode.OK, (await trust.Host.GetAsync("/fhir/metadata")).Status);
        Assert.Equal(HttpStatusCode.OK, (await trust.Host.GetAsync("/fhir/metadata", "Authorization: Bearer nonsense")).Status);
    }

    [Theory]
    [InlineData("system/Patient.r", "GET", "/fhir/Patient/some", HttpStatusCode.NotFound)]
    [InlineData("system/Patient.r", "GET", "/fhir/Patient", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.s", "GET", "/fhir/Patient", HttpStatusCode.OK)]
    [InlineData("system/Patient.s", "GET", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.s", "GET", "/fhir/Observation", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.read", "GET", "/fhir/Patient", HttpStatusCode.OK)]
    [InlineData("system/Patient.read", "DELETE", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.write", "GET", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.c", "PUT", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.r", "GET", "/fhir/NoSuchType/some", HttpStatusCode.NotFound)]
    [InlineData("openid", "GET", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    [InlineData("user/*.cruds", "GET", "/fhir/Patient/some", HttpStatusCode.Forbidden)]
    public async Task A_caller_may_what_the_scopes_say_of_the_type(string scopes, string method, string address, HttpStatusCode status)
    {
        var answer = await trust.Host.SendAsync(
            method, address, method == "PUT" ? """{"resourceType":"Patient","id":"some"}""" : null,
            $"Authorization: Bearer {await trust.Issuer.MintAsync(scopes: scopes)}", "Origin: https://app.example");

        Assert.Equal(status, answer.Status);
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        if (status == HttpStatusCode.Forbidden)
        {
            Assert.Equal("forbidden", answer.IssueCode);
            Assert.Equal("Bearer error=\"insufficient_scope\"", answer.Headers.WwwAuthenticate.ToString());
        }
    }

    [Theory]
    [InlineData("system/Patient.u", HttpStatusCode.Created)]
    [InlineData("system/Patient.c", HttpStatusCode.Forbidden)]
    [InlineData("system/Patient.rds", HttpStatusCode.Forbidden)]
    public async Task An_update_that_creates_needs_the_letter_of_updates(string scopes, HttpStatusCode status)
    {
        var id = $"new-{Guid.NewGuid():N}";

        var answer = await trust.Host.PutAsync(
            $"/fhir/Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}"}""", $"Authorization: Bearer {await trust.Issuer.MintAsync(scopes: scopes)}");

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task HEAD_is_answered_like_GET_without_a_body()
    {
        var refused = await trust.Host.SendAsync("HEAD", "/fhir/Patient/some");
        var allowed = await trust.Host.SendAsync("HEAD", "/fhir/Patient", null, $"Authorization: Bearer {await trust.Issuer.MintAsync()}");

        Assert.Equal((HttpStatusCode.Unauthorized, "", "Bearer"), (refused.Status, refused.Body, refused.Headers.WwwAuthenticate.ToString()));
        Assert.Equal(HttpStatusCode.OK, allowed.Status);
    }

    [Fact]
    public async Task A_browser_may_ask_first_without_a_token()
    {
        var answer = await trust.Host.SendAsync(
            "OPTIONS", "/fhir/Patient/some", null,
            "Origin: https://app.example", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization,content-type,if-match");

        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("authorization", string.Join(',', answer.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("PUT", string.Join(',', answer.Headers.GetValues("Access-Control-Allow-Methods")), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task A_page_may_read_why_it_was_refused()
    {
        var answer = await trust.Host.GetAsync("/fhir/Patient", "Origin: https://app.example");

        Assert.Contains("WWW-Authenticate", string.Join(',', answer.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OPTIONS_of_no_browser_reaches_no_resource()
    {
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await trust.Host.SendAsync("OPTIONS", "/fhir/Patient/some")).Status);
    }

    /// <summary>A server that trusts one issuer.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        public IssuerProcess Issuer { get; } = new();

        public TelehealthHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Issuer.InitializeAsync();
            Host = await Issuer.TrustedAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Issuer.DisposeAsync();
        }
    }
}
