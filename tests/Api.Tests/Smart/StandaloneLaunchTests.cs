using System.Net;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>An application that starts by itself: from the authorization request to a resource.</summary>
public sealed class StandaloneLaunchTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private TelehealthHost Host => fixture.Server;

    [Fact]
    public async Task A_granted_request_becomes_a_code_with_the_state_and_the_issuer()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");

        var answer = SmartApp.Returned(await app.DecideAsync(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes)), patient: "demo-amy"));

        Assert.Equal(app.State, answer["state"]);
        Assert.Equal("http://localhost/auth", answer["iss"]);
        Assert.NotEmpty(answer["code"]);
        Assert.DoesNotContain("error", answer.Keys);
    }

    [Fact]
    public async Task A_code_becomes_tokens_with_the_launch_context()
    {
        var answer = await new SmartApp(Host).LaunchAsync();

        Assert.Equal("Bearer", SmartApp.Text(answer, "token_type"));
        Assert.InRange(answer.Json["expires_in"]!.GetValue<int>(), 290, 300);
        Assert.Equal([.. SmartApp.StandaloneScopes.Split(' ').Order(StringComparer.Ordinal)], SmartApp.ScopesOf(answer));
        Assert.Equal("demo-amy", SmartApp.Text(answer, "patient"));
        Assert.Equal(JsonValueKind.True, answer.Json["need_patient_banner"]!.GetValueKind());
        Assert.Equal("http://localhost/auth/smart-style.json", SmartApp.Text(answer, "smart_style_url"));
        Assert.NotEmpty(SmartApp.Text(answer, "refresh_token"));
        Assert.Contains("no-store", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Contains("no-cache", answer.Headers.Pragma.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_style_that_a_token_names_is_public_JSON()
    {
        var answer = await new SmartApp(Host).GetAsync("/auth/smart-style.json");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task The_access_token_reads_the_patient_in_context()
    {
        var app = new SmartApp(Host);
        var answer = await app.LaunchAsync();

        var read = await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(answer, "access_token"));

        Assert.Equal(HttpStatusCode.OK, read.Status);
        Assert.Equal("demo-amy", read.Id);
    }

    [Fact]
    public async Task The_access_token_says_what_the_API_needs()
    {
        var app = new SmartApp(Host);
        var jwt = new JsonWebToken(SmartApp.Text(await app.LaunchAsync(), "access_token"));

        Assert.Equal("at+jwt", jwt.Typ);
        Assert.Equal("RS256", jwt.Alg);
        Assert.Equal("http://localhost/auth", jwt.Issuer);
        Assert.Equal([SmartApp.FhirBase], jwt.Audiences);
        Assert.Equal(app.User.Id, jwt.Subject);
        Assert.Equal("demo-app", jwt.GetClaim("client_id").Value);
        Assert.Equal("demo-amy", jwt.GetClaim("patient").Value);
        Assert.Equal("Clinician", jwt.GetClaim("role").Value);
        Assert.Equal("Normal", jwt.GetClaim("clearance").Value);
        Assert.Equal("http://localhost/fhir/Practitioner/demo-lee", jwt.GetClaim("fhirUser").Value);
        Assert.NotEmpty(jwt.GetClaim("jti").Value);
        Assert.NotEmpty(jwt.GetClaim("oi_au_id").Value);
        Assert.DoesNotContain(jwt.Claims, claim => claim.Type is "sid" or "name");
    }

    [Fact]
    public async Task The_id_token_is_signed_by_a_published_key_and_names_the_users_resource()
    {
        var app = new SmartApp(Host);
        var answer = await app.LaunchAsync(changes: ("nonce", "n-1"));
        var jwt = new JsonWebToken(SmartApp.Text(answer, "id_token"));
        var metadata = await Answer.OfAsync(await app.GetAsync("/auth/.well-known/openid-configuration"));
        var keys = new Microsoft.IdentityModel.Tokens.JsonWebKeySet((await Answer.OfAsync(await app.GetAsync(SmartApp.Text(metadata, "jwks_uri")))).Body);

        var result = await new JsonWebTokenHandler().ValidateTokenAsync(jwt, new()
        {
            ValidIssuer = SmartApp.Text(metadata, "issuer"),
            ValidAudience = "demo-app",
            IssuerSigningKeys = keys.GetSigningKeys(),
        });

        Assert.True(result.IsValid, result.Exception?.Message);
        Assert.Equal("RS256", jwt.Alg);
        Assert.Contains(keys.Keys, key => key.Kid == jwt.Kid);
        Assert.InRange(jwt.Subject.Length, 1, 255);
        Assert.Equal("n-1", jwt.GetClaim("nonce").Value);
        var fhirUser = jwt.GetClaim("fhirUser").Value;
        Assert.EndsWith("/Practitioner/demo-lee", fhirUser, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_token_is_no_access_token()
    {
        var app = new SmartApp(Host);
        var answer = await app.LaunchAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(answer, "id_token"))).Status);
    }

    [Fact]
    public async Task Userinfo_says_what_the_id_token_said()
    {
        var app = new SmartApp(Host);
        var answer = await app.LaunchAsync();

        var user = await app.ReadAsync("/auth/userinfo", SmartApp.Text(answer, "access_token"));

        Assert.Equal(HttpStatusCode.OK, user.Status);
        Assert.Equal(app.User.Id, SmartApp.Text(user, "sub"));
        Assert.Equal("http://localhost/fhir/Practitioner/demo-lee", SmartApp.Text(user, "fhirUser"));
        Assert.Null(user.Json["name"]);
    }

    [Fact]
    public async Task A_request_may_be_posted_as_a_form()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");

        using var form = new FormUrlEncodedContent(app.Request(SmartApp.StandaloneScopes)!);
        var answer = await app.Http.PostAsync("/auth/authorize", form, TestContext.Current.CancellationToken);

        Assert.NotEmpty(SmartApp.Returned(await app.DecideAsync(answer, patient: "demo-amy"))["code"]);
    }

    [Fact]
    public async Task A_refusal_is_told_to_the_application()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");

        var answer = SmartApp.Returned(await app.DecideAsync(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes)), isGranted: false));

        Assert.Equal("access_denied", answer["error"]);
        Assert.Equal(app.State, answer["state"]);
        Assert.Equal("http://localhost/auth", answer["iss"]);
    }

    [Theory]
    [InlineData("aud", "https://inferno.healthit.gov/invalid_aud", "invalid_request")]
    [InlineData("aud", null, "invalid_request")]
    [InlineData("state", null, "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("launch", "unknown", "invalid_request")]
    [InlineData("scope", "patient/Observation.sr", "invalid_scope")]
    [InlineData("scope", "patient/Observation.rs?category:in=x", "invalid_scope")]
    [InlineData("scope", "patient/Observation.rs?subject.name=x", "invalid_scope")]
    [InlineData("scope", "patient/Observation.rs?nonsense=x", "invalid_scope")]
    [InlineData("scope", "system/*.rs", "invalid_scope")]
    [InlineData("response_type", "token", "unsupported_response_type")]
    public async Task A_faulty_request_never_gets_a_code(string name, string? value, string error)
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");

        var answer = await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes, (name, value)));

        var location = answer.Headers.Location?.OriginalString;
        Assert.False(location?.StartsWith("/auth/interaction", StringComparison.Ordinal) ?? false, "The request was let through.");
        if (location is not null)
        {
            Assert.Equal(error, SmartApp.Returned(answer)["error"]);
        }
        else
        {
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("redirect_uri", "http://localhost:3000/other")]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("client_id", "nobody")]
    public async Task An_unknown_client_or_address_is_never_redirected_to(string name, string value)
    {
        var app = new SmartApp(Host);

        var answer = await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes, (name, value)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
    }

    [Fact]
    public async Task Faults_found_after_the_address_is_known_go_back_to_the_application_with_its_state()
    {
        var app = new SmartApp(Host);

        var answer = SmartApp.Returned(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes, ("aud", "https://elsewhere.example/fhir"))));

        Assert.Equal("invalid_request", answer["error"]);
        Assert.Equal(app.State, answer["state"]);
        Assert.Equal("http://localhost/auth", answer["iss"]);
    }

    [Theory]
    [InlineData("code_verifier", null)]
    [InlineData("code_verifier", "")]
    [InlineData("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    [InlineData("redirect_uri", null)]
    [InlineData("redirect_uri", "http://localhost:5080/app/")]
    [InlineData("code", "BAD_CODE")]
    [InlineData("client_id", "BAD_CLIENT_ID")]
    [InlineData("client_id", "demo-backend")]
    public async Task A_faulty_exchange_is_refused(string name, string? value)
    {
        var app = new SmartApp(Host);
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);

        var answer = await app.ExchangeAsync(code, (name, value));

        Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized, answer.Body);
        Assert.True(name != "code" || answer.Status == HttpStatusCode.BadRequest);
        Assert.NotNull(answer.Json["error"]);
    }

    [Fact]
    public async Task The_challenge_is_no_verifier()
    {
        var app = new SmartApp(Host);
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);

        var answer = await app.ExchangeAsync(code, ("code_verifier", app.Request("openid")["code_challenge"]));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_code_that_comes_twice_ends_what_came_of_it()
    {
        var app = new SmartApp(Host);
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);
        var answer = await app.ExchangeAsync(code);

        Assert.Equal(HttpStatusCode.BadRequest, (await app.ExchangeAsync(code)).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.ReadAsync("/fhir/Patient/demo-amy", SmartApp.Text(answer, "access_token"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.RefreshAsync(SmartApp.Text(answer, "refresh_token"))).Status);
    }

    [Fact]
    public async Task A_public_app_of_a_registered_origin_may_read_the_token_answer()
    {
        var app = new SmartApp(Host);
        var code = await app.CodeAsync(SmartApp.StandaloneScopes);
        (string, string?)[] form =
        [
            ("client_id", "demo-app"), ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SmartApp.Redirect), ("code_verifier", app.Verifier),
        ];

        var answer = await app.PostAsync("/auth/token", form, ("Origin", "http://localhost:3000"));
        var stranger = await app.PostAsync("/auth/token", form, ("Origin", "https://evil.example"));

        Assert.Equal("http://localhost:3000", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(stranger.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Nobody_is_asked_where_the_application_says_so()
    {
        var app = new SmartApp(Host);
        Assert.Equal("login_required", SmartApp.Returned(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes, ("prompt", "none"))))["error"]);

        await app.SignInAsync("patient");
        Assert.Equal("consent_required", SmartApp.Returned(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes, ("prompt", "none"))))["error"]);
    }

    [Fact]
    public async Task A_decision_counts_once_and_in_the_browser_it_was_made_in()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");
        var other = new SmartApp(Host);
        await other.SignInAsync("clinician");
        var begun = await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes));
        var answer = await app.DecideAsync(begun, patient: "demo-amy");
        var again = await app.GetAsync($"/auth/authorize{Query(app)}&interaction={Id(begun)}");

        var second = await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes));
        app.Cookie = other.Cookie;
        var elsewhere = await app.DecideAsync(second, patient: "demo-amy");

        Assert.Contains("code", SmartApp.Returned(answer).Keys);
        Assert.Equal("invalid_request", SmartApp.Returned(again)["error"]);
        Assert.Equal("access_denied", SmartApp.Returned(elsewhere)["error"]);
    }

    [Fact]
    public async Task A_decision_on_one_request_grants_no_other()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");
        var begun = await app.AuthorizeAsync(app.Request("launch/patient patient/Patient.rs"));
        var interactions = (Domain.Access.IAuthorizationInteractions)Host.Services.GetService(typeof(Domain.Access.IAuthorizationInteractions))!;
        await interactions.DecideAsync(
            Id(begun),
            new(app.User.Id, app.SessionId, TimeProvider.System.GetUtcNow(), true, ["launch/patient", "patient/Patient.rs"]) { Patient = "demo-amy" },
            TestContext.Current.CancellationToken);

        var answer = await app.AuthorizeAsync(app.Request("launch/patient patient/*.cruds", ("interaction", Id(begun))));

        Assert.Equal("invalid_request", SmartApp.Returned(answer)["error"]);
    }

    private static string Query(SmartApp app) => Microsoft.AspNetCore.WebUtilities.QueryHelpers.AddQueryString("", app.Request(SmartApp.StandaloneScopes));

    private static string Id(HttpResponseMessage begun) => begun.Headers.Location!.OriginalString["/auth/interaction/".Length..];
}
