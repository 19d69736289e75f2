using System.Net;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class ErrorTests(TelehealthHost host)
{
    [Theory]
    [InlineData("GET", "/fhir/Nonsense", HttpStatusCode.NotFound)]
    [InlineData("GET", "/fhir/patient", HttpStatusCode.NotFound)]
    [InlineData("GET", "/fhir/Patient/with_underscore", HttpStatusCode.NotFound)]
    [InlineData("GET", "/fhir/Patient/1/2/3/4", HttpStatusCode.NotFound)]
    [InlineData("PATCH", "/fhir/Patient/1/_history", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/fhir/Patient/1", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/fhir", HttpStatusCode.MethodNotAllowed)]
    public async Task Unknown_addresses_and_methods_are_refused_with_an_outcome(string method, string address, HttpStatusCode expected)
    {
        var answer = await host.SendAsync(method, address);

        Assert.Equal(expected, answer.Status);
        Assert.Equal(expected == HttpStatusCode.NotFound ? "not-found" : "not-supported", answer.IssueCode);
        Assert.Equal(expected == HttpStatusCode.MethodNotAllowed, answer.ContentHeaders.Allow.Count > 0);
    }

    [Theory]
    [InlineData("my-id.1", true)]
    [InlineData("with space", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789", false)]
    public async Task The_request_id_is_echoed_where_it_is_a_harmless_one(string id, bool isEchoed)
    {
        var answer = await host.GetAsync("/fhir/Patient/nobody", $"X-Request-Id: {id}");

        var given = Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        Assert.Equal(isEchoed, given == id);
        Assert.NotEmpty(given);
    }

    [Fact]
    public async Task Pages_of_other_origins_may_read_without_credentials()
    {
        var answer = await host.GetAsync("/fhir/metadata", "Origin: https://app.example");

        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("https://app.example", false)]
    [InlineData("http://localhost:3000", true)]
    public async Task Without_access_control_only_pages_of_this_machine_may_write(string origin, bool mayWrite)
    {
        var preflight = await host.SendAsync("OPTIONS", "/fhir/Patient/1", null, $"Origin: {origin}", "Access-Control-Request-Method: PUT");

        Assert.Equal(mayWrite, preflight.Headers.TryGetValues("Access-Control-Allow-Methods", out var methods) && methods.Contains("PUT"));
    }
}

public sealed class ErrorTestsOnSqlite(TelehealthHost host) : ErrorTests(host), IClassFixture<TelehealthHost>;

public sealed class ErrorTestsOnPostgreSql(PostgreSqlHost host) : ErrorTests(host), IClassFixture<PostgreSqlHost>;
