using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Smart.Server;

/// <summary>The authorization code grant from the request to the last refresh, as an app and as somebody who has stolen something.</summary>
public sealed class AuthorizationTests
{
    private const string Scopes = "launch/patient openid fhirUser offline_access patient/Patient.rs patient/Observation.rs";

    [Fact]
    public async Task The_token_response_says_what_was_granted_and_forbids_caching()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var returned = await browser.AuthorizeAsync(Scopes);

        Assert.Equal("state-1", returned.Parameters["state"]);
        Assert.Equal("http://localhost/auth", returned.Parameters["iss"]);
        var (status, token) = await browser.RedeemAsync(returned);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Scopes, token["scope"]!.GetValue<string>());
        Assert.Equal("demo-amy", token["patient"]!.GetValue<string>());
        Assert.Equal("Bearer", token["token_type"]!.GetValue<string>());
        Assert.InRange(token["expires_in"]!.GetValue<int>(), 1, 300);
        Assert.True(token["need_patient_banner"]!.GetValue<bool>());
        var style = await browser.Http.GetAsync(token["smart_style_url"]!.GetValue<string>(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, style.StatusCode);

        var id = new JsonWebToken(token["id_token"]!.GetValue<string>());
        Assert.Equal(("RS256", "http://localhost/auth", "http://localhost/fhir/Patient/demo-amy"), (id.Alg, id.Issuer, id.GetClaim("fhirUser").Value));
        Assert.Equal("demo-app", Assert.Single(id.Audiences));
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.FhirAsync(token["id_token"]!.GetValue<string>(), "Patient/demo-amy")).Status);
        Assert.Equal("at+jwt", new JsonWebToken(token["access_token"]!.GetValue<string>()).Typ);
    }

    [Fact]
    public async Task A_patients_app_gets_that_patient_on_every_way_and_no_other()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes))).Json["access_token"]!.GetValue<string>();

        Assert.Equal(HttpStatusCode.OK, (await browser.FhirAsync(token, "Patient/demo-amy")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.FhirAsync(token, "Patient/demo-ben")).Status);
        Assert.Equal(
            (await browser.FhirAsync(token, "Patient/demo-ben")).Json["issue"]![0]!["code"]!.ToString(),
            (await browser.FhirAsync(token, "Patient/never")).Json["issue"]![0]!["code"]!.ToString());
        Assert.Equal(HttpStatusCode.NotFound, (await browser.FhirAsync(token, "Patient/demo-ben/_history")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.FhirAsync(token, "Patient/demo-ben/_history/1")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FhirAsync(token, "Encounter")).Status);
        Assert.Equal(0, (await browser.FhirAsync(token, "Observation?patient=demo-ben&_count=0")).Json["total"]!.GetValue<int>());
        var all = (await browser.FhirAsync(token, "?_type=Patient,Observation&_count=1000")).Json["entry"]!.AsArray();
        Assert.All(all, entry => Assert.DoesNotContain("demo-ben", entry!.ToJsonString(), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FhirAsync(token, "Observation", HttpMethod.Post, """{"resourceType":"Observation"}""")).Status);
        const string batch = """
            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"GET","url":"Patient/demo-ben"}},{"request":{"method":"GET","url":"Patient/demo-amy"}},
              {"request":{"method":"GET","url":"Encounter"}},{"request":{"method":"DELETE","url":"Patient/demo-amy"}}]}
            """;
        var entries = (await browser.FhirAsync(token, "", HttpMethod.Post, batch)).Json["entry"]!.AsArray();
        Assert.Equal(["404", "200", "403", "403"], entries.Select(entry => entry!["response"]!["status"]!.GetValue<string>()[..3]));
    }

    [Theory]
    [InlineData("aud", "https://elsewhere.example/fhir", "invalid_request")]
    [InlineData("aud", null, "invalid_request")]
    [InlineData("scope", "patient/Nope.rs", "invalid_scope")]
    [InlineData("scope", "patient/Patient.sr", "invalid_scope")]
    [InlineData("launch", "made-up", "invalid_request")]
    [InlineData("prompt", "none", "login_required")]
    public async Task What_is_wrong_with_a_request_is_told_to_the_app(string name, string? value, string error)
    {
        await using var host = await SmartBrowser.HostAsync();
        var returned = await new SmartBrowser(host.NewBrowser()).AuthorizeAsync("openid", change: request => request[name] = value);

        Assert.Equal((error, "state-1", null), (returned.Error, returned.Parameters["state"], returned.Code));
    }

    [Theory]
    [InlineData("client_id", "nobody")]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("redirect_uri", "http://localhost:3000/more")]
    [InlineData("code_challenge_method", "plain")]
    [InlineData("code_challenge_method", null)]
    [InlineData("code_challenge", null)]
    [InlineData("response_type", "token")]
    public async Task What_could_lead_elsewhere_is_answered_on_the_spot_and_leads_nowhere(string name, string? value)
    {
        await using var host = await SmartBrowser.HostAsync();
        var request = SmartBrowser.Request("openid");
        request[name] = value;
        var answer = await host.NewBrowser().GetAsync(SmartBrowser.Address(request), TestContext.Current.CancellationToken);

        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest || answer.Headers.Location!.Query.Contains("error=", StringComparison.Ordinal));
        Assert.NotEqual("evil.example", answer.Headers.Location?.Host);
    }

    [Fact]
    public async Task A_code_needs_the_verifier_that_it_was_asked_for_with()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var returned = await browser.AuthorizeAsync(Scopes);
        foreach (var wrong in (string[])["", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes), wrong)).Status);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.TokenAsync(("grant_type", "authorization_code"), ("code", "BAD_CODE"), ("client_id", "demo-app"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.RedeemAsync(returned)).Status);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Of_twenty_who_bring_one_code_or_one_refresh_token_one_gets_in(bool postgres)
    {
        await using var database = postgres ? await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync() : null;
        await using var host = await SmartBrowser.HostAsync(builder => Use(builder, database?.ConnectionString));
        await using var second = database is null ? null : await SmartBrowser.HostAsync(builder => Use(builder, database.ConnectionString));
        var browsers = new[] { new SmartBrowser(host.NewBrowser()), new SmartBrowser((second ?? host).NewBrowser()) };

        var returned = await browsers[0].AuthorizeAsync(Scopes);
        var codes = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => browsers[at % 2].RedeemAsync(returned)));
        Assert.Single(codes, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(codes.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Equal("invalid_grant", answer.Json["error"]!.GetValue<string>()));

        var token = (await browsers[0].RedeemAsync(await browsers[0].AuthorizeAsync(Scopes))).Json["refresh_token"]!.GetValue<string>();
        var refreshes = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => browsers[at % 2].RefreshAsync(token)));
        Assert.Single(refreshes, answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refresh_token_that_comes_twice_ends_the_grant_and_its_access_tokens()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var first = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes))).Json;
        var second = (await browser.RefreshAsync(first["refresh_token"]!.GetValue<string>())).Json;
        Assert.NotEqual(first["refresh_token"]!.GetValue<string>(), second["refresh_token"]!.GetValue<string>());
        Assert.Equal("demo-amy", second["patient"]!.GetValue<string>());

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RefreshAsync(first["refresh_token"]!.GetValue<string>())).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RefreshAsync(second["refresh_token"]!.GetValue<string>())).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.FhirAsync(second["access_token"]!.GetValue<string>(), "Patient/demo-amy")).Status);
    }

    [Fact]
    public async Task A_revoked_refresh_token_takes_the_access_token_with_it()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes))).Json;
        var access = token["access_token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, (await browser.FhirAsync(access, "Patient/demo-amy")).Status);

        var revoked = await browser.PostAsync("/auth/revoke", [("token", token["refresh_token"]!.GetValue<string>()), ("client_id", "demo-app")]);
        Assert.Equal(HttpStatusCode.OK, revoked.Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.FhirAsync(access, "Patient/demo-amy")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RefreshAsync(token["refresh_token"]!.GetValue<string>())).Status);
    }

    [Fact]
    public async Task What_a_person_takes_away_is_not_in_the_grant_and_a_part_takes_the_place_of_the_whole()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes, keeps: scope => scope != "patient/Observation.rs"))).Json;
        Assert.DoesNotContain("Observation", token["scope"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FhirAsync(token["access_token"]!.GetValue<string>(), "Observation")).Status);

        const string weight = "patient/Observation.rs?code=http://loinc.org|29463-7";
        token = (await browser.RedeemAsync(await browser.AuthorizeAsync($"launch/patient {weight}"))).Json;
        Assert.Contains(weight, token["scope"]!.GetValue<string>(), StringComparison.Ordinal);
        var found = (await browser.FhirAsync(token["access_token"]!.GetValue<string>(), "Observation?_count=1000&_elements=code")).Json["entry"]!.AsArray();
        Assert.NotEmpty(found);
        Assert.All(found, entry => Assert.Equal("29463-7", entry!["resource"]!["code"]!["coding"]![0]!["code"]!.GetValue<string>()));

        Assert.Equal("access_denied", (await browser.AuthorizeAsync(Scopes, denies: true)).Error);
    }

    [Fact]
    public async Task A_clinician_picks_a_patient_and_user_scopes_reach_the_organizations_patients()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes, user: "clinician", patient: "demo-ben"))).Json;
        Assert.Equal("demo-ben", token["patient"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await browser.FhirAsync(token["access_token"]!.GetValue<string>(), "Patient/demo-amy")).Status);

        var user = (await browser.RedeemAsync(await browser.AuthorizeAsync("openid fhirUser user/Patient.rs", user: "clinician"))).Json;
        Assert.Equal(2, (await browser.FhirAsync(user["access_token"]!.GetValue<string>(), "Patient?_count=0")).Json["total"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.OK, (await browser.FhirAsync(user["access_token"]!.GetValue<string>(), "Practitioner/demo-lee")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FhirAsync(user["access_token"]!.GetValue<string>(), "Practitioner")).Status);
    }

    [Fact]
    public async Task Introspection_tells_a_client_that_may_ask_and_nobody_else()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync(Scopes))).Json;
        var access = token["access_token"]!.GetValue<string>();

        var (_, told) = await browser.PostAsync("/auth/introspect", [("token", access)], "demo-backend:demo-backend-secret");
        Assert.True(told["active"]!.GetValue<bool>());
        Assert.Equal(("demo-app", Scopes, "demo-amy"), (told["client_id"]!.ToString(), told["scope"]!.ToString(), told["patient"]!.ToString()));
        var (_, unknown) = await browser.PostAsync("/auth/introspect", [("token", "invalid_token_value")], "demo-backend:demo-backend-secret");
        Assert.Equal("""{"active":false}""", unknown.ToJsonString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.PostAsync("/auth/introspect", [("token", access)], "demo-backend:wrong")).Status);
        Assert.NotEqual(HttpStatusCode.OK, (await browser.PostAsync("/auth/introspect", [("token", access), ("client_id", "demo-app")])).Status);
    }

    internal static void Use(IWebHostBuilder builder, string? connectionString)
    {
        if (connectionString is not null)
        {
            builder.UseSetting("Database:Provider", "PostgreSql");
            builder.UseSetting("ConnectionStrings:TeleFhir", connectionString);
        }
    }
}
