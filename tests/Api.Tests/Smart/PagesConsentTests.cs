using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Picking a patient and consenting on pages.</summary>
public sealed class PagesConsentTests(PagesHost host) : IClassFixture<PagesHost>
{
    private const string VitalSigns = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
    private const string Scopes = "launch/patient openid fhirUser patient/Patient.rs patient/Observation.rs patient/Condition.rs";

    [Fact]
    public async Task A_clinician_picks_a_patient_and_allows()
    {
        await using var server = await FreshAsync();
        var browser = new PageBrowser(server);
        await OpenAsync(browser, Scopes);
        await browser.SignInAsync("clinician");
        Assert.Equal(["demo-amy", "demo-ben"], browser.ValuesOf("patient").Order(StringComparer.Ordinal));

        await browser.SubmitAsync("Search", ("name", "riv"));
        Assert.Equal(["demo-amy"], browser.ValuesOf("patient"));
        await browser.SubmitAsync("Continue", ("patient", "demo-amy"));
        Assert.Contains("form-action 'self' http://localhost:3000;", Assert.Single(browser.Page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.All(Scopes.Split(' '), scope => Assert.Contains(scope, browser.ValuesOf("scope")));
        await browser.SubmitAsync("Allow");

        Assert.Equal("localhost:3000", browser.Address.Authority);
        var returned = QueryHelpers.ParseQuery(browser.Address.Query);
        Assert.NotEmpty(returned["code"].ToString());
    }

    [Fact]
    public async Task A_refusal_goes_back_to_the_application()
    {
        var browser = host.Browser();
        await OpenAsync(browser, Scopes);
        await browser.SignInAsync("clinician");
        await browser.SubmitAsync("Deny");

        Assert.Equal("localhost:3000", browser.Address.Authority);
        Assert.Equal("access_denied", QueryHelpers.ParseQuery(browser.Address.Query)["error"]);
    }

    [Fact]
    public async Task A_part_takes_the_place_of_its_whole_and_what_is_unticked_is_not_granted()
    {
        var decision = await DecideAsync("patient", Scopes, ["launch/patient", "patient/Patient.rs", "patient/Observation.rs", VitalSigns]);

        Assert.True(decision.IsGranted);
        Assert.Equal(["launch/patient", "patient/Patient.rs", VitalSigns], decision.Scopes);
        Assert.Equal("demo-amy", decision.Patient);
    }

    [Fact]
    public async Task What_was_not_offered_cannot_be_granted()
    {
        var decision = await DecideAsync(
            "patient", Scopes, ["openid", "patient/*.cruds", "user/Patient.rs", "offline_access", "patient/Observation.cruds", VitalSigns.Replace(".rs", ".cruds", StringComparison.Ordinal)]);

        Assert.Equal(["openid"], decision.Scopes);
        Assert.Null(decision.Patient);
    }

    [Fact]
    public async Task Parts_are_offered_for_conditions_and_observations()
    {
        var browser = host.Browser();
        await OpenAsync(browser, Scopes);
        await browser.SignInAsync("patient");

        var offered = browser.ValuesOf("scope");
        Assert.Equal(
            ["encounter-diagnosis", "problem-list-item", "health-concern"],
            offered.Where(scope => scope.StartsWith("patient/Condition.rs?", StringComparison.Ordinal)).Select(scope => scope.Split('|')[1]));
        Assert.Equal(
            ["clinical-test", "laboratory", "social-history", "sdoh", "survey", "vital-signs"],
            offered.Where(scope => scope.StartsWith("patient/Observation.rs?", StringComparison.Ordinal)).Select(scope => scope.Split('|')[1]));
        Assert.All(offered.Where(scope => scope.Contains('?', StringComparison.Ordinal)), scope => Assert.NotNull(SmartScope.Parse(scope)));
    }

    [Theory]
    [InlineData("demo-nobody")]
    [InlineData("../Practitioner/demo-lee")]
    [InlineData("")]
    public async Task A_patient_who_is_not_open_to_the_person_cannot_be_picked(string patient)
    {
        var browser = host.Browser();
        await OpenAsync(browser, Scopes);
        await browser.SignInAsync("clinician");

        var page = await browser.SubmitAsync("Continue", ("patient", patient));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Empty(browser.ValuesOf("scope"));
    }

    [Fact]
    public async Task A_patient_is_always_their_own_patient()
    {
        var browser = host.Browser();
        var id = await OpenAsync(browser, Scopes);
        await browser.SignInAsync("patient");
        var decision = await AllowAsync(host.Server, browser, id, ("patient", "demo-ben"));

        Assert.Equal("demo-amy", decision.Patient);
    }

    [Fact]
    public async Task A_visit_is_picked_among_those_of_the_patient()
    {
        const string scopes = "launch/patient launch/encounter patient/Encounter.rs";
        var browser = host.Browser();
        var id = await OpenAsync(browser, scopes);
        await browser.SignInAsync("patient");
        Assert.Equal(["", "demo-amy-first-visit", "demo-amy-visit"], browser.ValuesOf("encounter").Order(StringComparer.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync("Allow", ("encounter", "demo-ben-visit"))).Status);
        Assert.Equal("demo-amy-visit", (await AllowAsync(host.Server, browser, id, ("encounter", "demo-amy-visit"))).Encounter);
    }

    [Fact]
    public async Task Consent_is_remembered_until_something_new_is_asked()
    {
        await using var server = await FreshAsync();
        var browser = new PageBrowser(server);
        await browser.OpenAsync(Address("launch/patient patient/Patient.rs patient/Condition.rs"));
        await browser.SignInAsync("patient");
        await browser.SubmitAsync("Allow");

        await browser.OpenAsync(Address("launch/patient patient/Patient.rs"));
        Assert.Equal("localhost:3000", browser.Address.Authority);
        foreach (var wider in new[] { "launch/patient patient/Patient.rs offline_access", "launch/patient patient/Patient.cruds", "patient/*.rs" })
        {
            await browser.OpenAsync(Address(wider));
            Assert.NotEmpty(browser.ValuesOf("scope"));
        }

        await browser.OpenAsync(Address("launch/patient patient/Patient.rs", ("prompt", "consent")));
        Assert.NotEmpty(browser.ValuesOf("scope"));

        await browser.OpenAsync("/auth/apps");
        await browser.SubmitAsync("Revoke");
        await browser.OpenAsync(Address("launch/patient patient/Patient.rs"));
        Assert.NotEmpty(browser.ValuesOf("scope"));
    }

    [Fact]
    public async Task Whoever_allowed_an_app_is_asked_again_when_its_keys_change_and_not_when_its_name_does()
    {
        await using var server = await FreshAsync();
        using var key = new Assertion();
        using var next = new Assertion(kid: "k2");
        var clients = server.Services.GetRequiredService<IClients>();
        var client = new ClientRegistration("keyed", "Keyed", ClientKind.Asymmetric)
        {
            RedirectUris = [SmartApp.Redirect],
            Scopes = ["launch/patient", "patient/*.rs"],
            Jwks = key.Jwks,
        };
        await clients.AddAsync(client, Cancel);
        var asked = Address("launch/patient patient/Patient.rs", ("client_id", "keyed"));
        var browser = new PageBrowser(server);
        await browser.OpenAsync(asked);
        await browser.SignInAsync("patient");
        await browser.SubmitAsync("Allow");
        await browser.OpenAsync(asked);
        Assert.Equal("localhost:3000", browser.Address.Authority);

        await clients.ChangeAsync(client with { Name = "Keyed anew" }, Cancel);
        await browser.OpenAsync(asked);
        Assert.Equal("localhost:3000", browser.Address.Authority);

        foreach (var changed in (ClientRegistration[])[client with { Jwks = next.Jwks }, client with { Jwks = null, JwksUri = "https://keys.example/jwks" }])
        {
            await clients.ChangeAsync(changed, Cancel);
            await browser.OpenAsync(asked);
            Assert.NotEmpty(browser.ValuesOf("scope"));
            await browser.SubmitAsync("Allow");
            await browser.OpenAsync(asked);
            Assert.Equal("localhost:3000", browser.Address.Authority);
        }
    }

    [Theory]
    [InlineData("prompt", "login consent")]
    [InlineData("max_age", "0")]
    [InlineData("max_age", "3600")]
    public async Task Prompt_login_asks_again_and_then_goes_on(string name, string value)
    {
        await using var server = await FreshAsync();
        var browser = new PageBrowser(server);
        await browser.SignInAsync("patient");
        await browser.OpenAsync(Address("openid", (name, value)));
        Assert.Equal("/auth/login", browser.Address.AbsolutePath);
        await browser.SignInAsync("patient");

        Assert.StartsWith("/auth/interaction/", browser.Address.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_belongs_to_one_browser_and_its_form_needs_its_token()
    {
        var browser = host.Browser();
        var id = await OpenAsync(browser, "openid");
        await browser.SignInAsync("patient");
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync($"/auth/interaction/{id}", [new("action", "allow"), new("scope", "openid")])).Status);

        var other = host.Browser();
        await other.SignInAsync("patient");
        Assert.Equal(HttpStatusCode.NotFound, (await other.OpenAsync($"/auth/interaction/{id}")).Status);
        Assert.Null((await host.Server.Services.GetRequiredService<IAuthorizationInteractions>().FindAsync(id, Cancel))!.Decision);
    }

    [Fact]
    public async Task A_launch_by_somebody_else_is_stopped()
    {
        var interactions = host.Server.Services.GetRequiredService<IAuthorizationInteractions>();
        var asked = new AuthorizationInteraction("launched-by-other", "demo-app", "Demo app", ["launch", "patient/Patient.rs"], "?x=y", "http://localhost:3000", TimeProvider.System.GetUtcNow().AddMinutes(5))
        {
            LaunchPatient = "demo-amy",
            LaunchUserId = "somebody",
        };
        await interactions.AddAsync(asked, Cancel);
        var browser = host.Browser();
        await browser.SignInAsync("clinician");

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.OpenAsync("/auth/interaction/launched-by-other")).Status);
        Assert.Empty(browser.ValuesOf("scope"));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<TelehealthHost> FreshAsync() => PagesHost.StartAsync(new SignInSettings { PasswordRounds = 10, AddressLimit = null });

    private string Address(string scopes, params (string, string?)[] changes) => host.Authorize(scopes, changes);

    /// <summary>Opens a request and gives its id.</summary>
    private async Task<string> OpenAsync(PageBrowser browser, string scopes)
    {
        // What another test allowed is not to be remembered here.
        await browser.OpenAsync(Address(scopes, ("prompt", "consent")));
        var path = browser.Address.AbsolutePath == "/auth/login" ? QueryHelpers.ParseQuery(browser.Address.Query)["returnUrl"].ToString() : browser.Address.AbsolutePath;
        Assert.StartsWith("/auth/interaction/", path, StringComparison.Ordinal);
        return path["/auth/interaction/".Length..];
    }

    private async Task<InteractionDecision> DecideAsync(string userName, string scopes, string[] ticked)
    {
        var browser = host.Browser();
        var id = await OpenAsync(browser, scopes);
        await browser.SignInAsync(userName);
        return await AllowAsync(host.Server, browser, id, [.. ticked.Select(scope => ("scope", (string?)scope))]);
    }

    /// <summary>Sends the form and gives what was decided, caught on its way to the authorization endpoint.</summary>
    private static async Task<InteractionDecision> AllowAsync(TelehealthHost server, PageBrowser browser, string id, params (string, string?)[] values)
    {
        browser.StopsAt = "/auth/authorize";
        await browser.SubmitAsync("Allow", values);
        return (await server.Services.GetRequiredService<IAuthorizationInteractions>().FindAsync(id, Cancel))!.Decision!;
    }
}
