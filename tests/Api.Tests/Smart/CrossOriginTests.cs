using System.Net;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Which pages may call the authorization server from a browser.</summary>
public sealed class CrossOriginTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    [Fact]
    public async Task A_page_reads_the_users_own_resource_with_its_token()
    {
        var app = new SmartApp(fixture.Server);
        var tokens = await app.LaunchAsync("openid fhirUser launch/patient patient/Patient.rs", "patient");
        var user = new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(SmartApp.Text(tokens, "id_token")).GetClaim("fhirUser").Value;

        var answer = await fixture.Server.GetAsync(user, "Origin: https://app.example", $"Authorization: Bearer {SmartApp.Text(tokens, "access_token")}");

        Assert.Equal((System.Net.HttpStatusCode.OK, "Patient"), (answer.Status, SmartApp.Text(answer, "resourceType")));
        Assert.EndsWith($"/Patient/{answer.Id}", user, StringComparison.Ordinal);
        Assert.Contains(answer.Headers.GetValues("Access-Control-Allow-Origin").Single(), (string[])["*", "https://app.example"]);
    }

    [Theory]
    [InlineData("/auth/token")]
    [InlineData("/auth/revoke")]
    public async Task The_origins_that_clients_are_registered_with_may_and_others_may_not(string path)
    {
        var known = await fixture.Server.SendAsync(
            "OPTIONS", path, null, "Origin: http://localhost:3000", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization");
        var unknown = await fixture.Server.SendAsync("OPTIONS", path, null, "Origin: https://evil.example", "Access-Control-Request-Method: POST");

        Assert.Equal(HttpStatusCode.NoContent, known.Status);
        Assert.Equal(["http://localhost:3000"], known.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Contains("POST", known.Headers.GetValues("Access-Control-Allow-Methods").Single(), StringComparison.Ordinal);
        Assert.Contains("Origin", known.Headers.Vary);
        Assert.False(unknown.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(known.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("/auth/authorize")]
    [InlineData("/auth/login")]
    [InlineData("/auth/apps")]
    [InlineData("/auth/launch")]
    public async Task Pages_elsewhere_read_nothing_that_a_persons_session_opens(string path)
    {
        var answer = await fixture.Server.GetAsync(path, "Origin: http://localhost:3000");

        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }
}
