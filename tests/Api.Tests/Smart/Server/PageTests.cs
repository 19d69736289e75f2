using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart.Server;

/// <summary>Connected apps and launches as others would misuse them, discovery as an app does, and registration as both do.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task A_person_takes_access_back_from_an_app()
    {
        await using var host = await SmartBrowser.HostAsync();
        var browser = new SmartBrowser(host.NewBrowser());
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync("launch/patient offline_access patient/Patient.rs"))).Json["access_token"]!.GetValue<string>();
        var page = await browser.Http.GetStringAsync("/auth/apps", TestContext.Current.CancellationToken);
        Assert.Contains("Demo app", page, StringComparison.Ordinal);

        // Nobody takes another's away.
        var other = host.NewBrowser();
        await SignInAsync(other, "clinician", SmartBrowser.Password);
        var mine = SmartBrowser.Fields(page).Single(field => field.Name == "grant").Value;
        var theirs = SmartBrowser.Fields(await other.GetStringAsync("/auth/logout", TestContext.Current.CancellationToken)).Single(field => field.Name == "__RequestVerificationToken").Value;
        await other.PostAsync("/auth/apps", Form(("grant", mine), ("__RequestVerificationToken", theirs)), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await browser.FhirAsync(token, "Patient/demo-amy")).Status);

        await browser.Http.PostAsync(
            "/auth/apps", Form([.. SmartBrowser.Fields(page).Select(field => (field.Name, field.Value))]), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.FhirAsync(token, "Patient/demo-amy")).Status);
    }

    [Fact]
    public async Task Only_clinicians_launch_apps_and_only_for_patients_that_they_may_see()
    {
        await using var host = await SmartBrowser.HostAsync();
        var (patient, clinician) = (host.NewBrowser(), host.NewBrowser());
        await SignInAsync(patient, "patient", SmartBrowser.Password);
        await SignInAsync(clinician, "clinician", SmartBrowser.Password);
        static Task<HttpResponseMessage> LaunchAsync(HttpClient browser, string body) =>
            browser.PostAsync("/auth/launch", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, (await LaunchAsync(host.NewBrowser(), """{"client_id":"demo-app","patient":"demo-amy"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await LaunchAsync(patient, """{"client_id":"demo-app","patient":"demo-ben"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await LaunchAsync(clinician, """{"client_id":"demo-app","patient":"nobody"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await LaunchAsync(clinician, """{"client_id":["x"]}""")).StatusCode);
        var answer = await LaunchAsync(clinician, """{"client_id":"demo-app","patient":"demo-amy"}""");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var launch = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(SmartBrowser.Base, launch["iss"]!.GetValue<string>());

        // Used by the one who launched, once.
        var browser = new SmartBrowser(clinician);
        void With(Dictionary<string, string?> request) => request["launch"] = launch["launch"]!.GetValue<string>();
        var token = (await browser.RedeemAsync(await browser.AuthorizeAsync("launch patient/Patient.rs", user: "clinician", change: With))).Json;
        Assert.Equal("demo-amy", token["patient"]!.GetValue<string>());
        Assert.Equal("invalid_request", (await browser.AuthorizeAsync("launch patient/Patient.rs", user: "clinician", change: With)).Error);
    }

    [Fact]
    public async Task Discovery_says_what_SMART_demands_to_any_origin()
    {
        await using var host = await SmartBrowser.HostAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/.well-known/smart-configuration");
        request.Headers.Add("Origin", "https://app.example");
        var answer = await host.NewBrowser().SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var smart = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(["S256"], smart["code_challenge_methods_supported"]!.AsArray().Select(one => one!.GetValue<string>()));
        var capabilities = smart["capabilities"]!.AsArray().Select(one => one!.GetValue<string>()).ToList();
        Assert.Superset(
            new HashSet<string>
            {
                "launch-ehr", "launch-standalone", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
                "context-standalone-patient", "context-ehr-patient", "context-ehr-encounter", "permission-offline", "permission-patient", "permission-user",
                "authorize-post", "permission-v2", "permission-v1", "context-banner", "context-style",
            },
            capabilities.ToHashSet());

        var openid = JsonNode.Parse(await host.NewBrowser().GetStringAsync("/auth/.well-known/openid-configuration", TestContext.Current.CancellationToken))!;
        Assert.Equal(smart["issuer"]!.GetValue<string>(), openid["issuer"]!.GetValue<string>());
        var keys = JsonNode.Parse(await host.NewBrowser().GetStringAsync(openid["jwks_uri"]!.GetValue<string>(), TestContext.Current.CancellationToken))!["keys"]!.AsArray();
        Assert.All(keys, key => Assert.Null(key!["d"]));
        Assert.NotEmpty(keys);
    }

    [Theory]
    [InlineData("""{"redirect_uris":["http://evil.example/cb"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://app.example/cb#x"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://user@app.example/cb"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://*.example/cb"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["javascript:alert(1)"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":[]}""", "invalid_client_metadata")]
    [InlineData("""{"redirect_uris":[1]}""", "invalid_client_metadata")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic"}""", "invalid_client_metadata")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{"kty":"oct","k":"AAAA","kid":"x"}]}}""", "invalid_client_metadata")]
    [InlineData("""{"grant_types":["password"]}""", "invalid_client_metadata")]
    [InlineData("[]", "invalid_client_metadata")]
    [InlineData("{", "invalid_client_metadata")]
    public async Task A_client_that_would_be_a_danger_is_not_registered(string metadata, string error)
    {
        await using var host = await SmartBrowser.HostAsync();
        var answer = await host.NewBrowser().PostAsync(
            "/auth/register", new StringContent(metadata, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(error, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]!.GetValue<string>());
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, string name, string password, string returnUrl = "")
    {
        var page = await browser.GetStringAsync($"/auth/login?returnUrl={Uri.EscapeDataString(returnUrl)}", TestContext.Current.CancellationToken);
        return await browser.PostAsync(
            "/auth/login",
            Form([.. SmartBrowser.Fields(page).Select(field => (field.Name, field.Name == "username" ? name : field.Name == "password" ? password : field.Value))]),
            TestContext.Current.CancellationToken);
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
}
