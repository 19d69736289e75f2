using System.Net;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>What a person answers to an application's request, and what others cannot answer for them.</summary>
public sealed class AnsweringTests(PageHost host) : IClassFixture<PageHost>
{
    private const string Asked = "launch/patient openid patient/Condition.rs patient/Observation.rs patient/Patient.rs";
    private const string VitalSigns = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
    private const string Problems = "patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item";

    [Fact]
    public async Task A_patient_answers_about_themselves_and_the_answer_goes_to_the_authorization_endpoint()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);

        var page = await browser.GetAsync(Address(asked));
        var answer = await browser.SubmitAsync(Allow(page));

        Assert.Equal(Asked.Split(' ').Order(), page.Forms[^1].Fields.Where(field => field.Key == ScopeField(page)).Select(field => field.Value).Order());
        Assert.Equal($"/auth/authorize?{asked.Parameters}&interaction={asked.Id}", answer.Location);
        var decision = (await host.DecisionAsync(asked))!;
        Assert.True(decision.IsGranted);
        Assert.Equal("demo-amy", decision.Patient);
        Assert.Equal(Asked.Split(' ').Order(), decision.Scopes.Order());
    }

    [Fact]
    public async Task The_page_may_send_its_form_to_the_application_and_shows_its_name_as_text()
    {
        using var browser = await host.SignedInAsync("patient");

        var page = await browser.GetAsync(Address(await host.AskAsync(Asked)));

        Assert.Contains($"form-action 'self' {PageHost.RedirectOrigin};", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("Demo &lt;b&gt;App&lt;/b&gt;", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>App", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_take_the_place_of_their_whole()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);
        var page = await browser.GetAsync(Address(asked));
        var offered = page.Forms[^1].Offered(ScopeField(page)).ToList();

        Assert.Equal(6, offered.Count(scope => scope.StartsWith("patient/Observation.rs?category=", StringComparison.Ordinal)));
        Assert.Equal(3, offered.Count(scope => scope.StartsWith("patient/Condition.rs?category=", StringComparison.Ordinal)));
        await browser.SubmitAsync(Allow(page).Ticking(ScopeField(page), [.. Asked.Split(' '), VitalSigns, Problems]));

        Assert.Equal(
            ((string[])["launch/patient", "openid", Problems, VitalSigns, "patient/Patient.rs"]).Order(), (await host.DecisionAsync(asked))!.Scopes.Order());
    }

    [Fact]
    public async Task What_is_unticked_is_not_granted_and_what_was_not_offered_cannot_be()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);
        var page = await browser.GetAsync(Address(asked));

        await browser.SubmitAsync(Allow(page).Ticking(
            ScopeField(page), "launch/patient", "patient/Patient.rs", "patient/*.cruds", "system/*.cruds", "user/Patient.rs", "offline_access", "patient/Observation.rs?code=x"));

        Assert.Equal("launch/patient patient/Patient.rs", string.Join(' ', (await host.DecisionAsync(asked))!.Scopes.Order()));
    }

    [Fact]
    public async Task Denying_is_an_answer()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);

        var answer = await browser.SubmitAsync(Press(await browser.GetAsync(Address(asked)), "deny"));

        Assert.StartsWith("/auth/authorize?", answer.Location, StringComparison.Ordinal);
        Assert.False((await host.DecisionAsync(asked))!.IsGranted);
    }

    [Fact]
    public async Task A_clinician_picks_a_patient_by_name_as_an_option_whose_value_is_the_id()
    {
        using var browser = await host.SignedInAsync("clinician");
        var asked = await host.AskAsync(Asked);
        var all = await browser.GetAsync(Address(asked));

        Assert.Matches("<option[^>]* value=\"demo-amy\"|<option value=\"demo-amy\"", all.Html);
        Assert.Contains("demo-ben", all.FormWith("patient").Offered("patient"));
        var search = all.FormWith("name").With("name", "ben");
        var found = await browser.SubmitAsync(search.Inputs.FirstOrDefault(input => input is { Type: "button", Value: "search" }) is { } button ? search.Pressing(button.Name, button.Value) : search);
        Assert.Equal(["demo-ben"], found.FormWith("patient").Offered("patient").Where(id => id.Length > 0));

        var consent = await browser.SubmitAsync(Press(found, "pick", found.FormWith("patient").With("patient", "demo-ben")));
        await browser.SubmitAsync(Allow(consent));

        Assert.Equal("demo-ben", (await host.DecisionAsync(asked))!.Patient);
    }

    [Theory]
    [InlineData("no-such-patient")]
    [InlineData("../Patient/demo-ben")]
    [InlineData("Patient/demo-ben")]
    [InlineData("")]
    public async Task A_patient_that_may_not_be_picked_is_not(string picked)
    {
        using var browser = await host.SignedInAsync("clinician");
        var asked = await host.AskAsync(Asked);
        var page = await browser.GetAsync(Address(asked));

        var answer = await browser.SubmitAsync(Press(page, "allow", page.FormWith("patient").With("patient", picked).Pressing("scope", "patient/Patient.rs")));

        Assert.InRange((int)answer.Status, 200, 499);
        Assert.Null(answer.Location);
        Assert.Null(await host.DecisionAsync(asked));
    }

    [Fact]
    public async Task A_patient_cannot_pick_another()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);
        var page = await browser.GetAsync(Address(asked));

        await browser.SubmitAsync(Allow(page).With("patient", "demo-ben"));

        Assert.True(await host.DecisionAsync(asked) is null or { Patient: "demo-amy" });
    }

    [Fact]
    public async Task Another_browser_cannot_answer()
    {
        using var browser = await host.SignedInAsync("patient");
        using var other = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked);
        var form = Allow(await browser.GetAsync(Address(asked)));

        Assert.InRange((int)(await other.GetAsync(Address(asked))).Status, 400, 499);
        var token = (await other.GetAsync("/auth/apps")).Forms[0].Fields.Single(field => field.Key == "__RequestVerificationToken").Value;
        Assert.InRange((int)(await other.SubmitAsync(form.With("__RequestVerificationToken", token))).Status, 400, 499);
        Assert.Null(await host.DecisionAsync(asked));
    }

    [Fact]
    public async Task A_launch_is_answered_by_whoever_launched_and_about_that_patient()
    {
        using var browser = await host.SignedInAsync("clinician");
        var clinician = (await host.Server.Services.GetRequiredService<IUserAccounts>().FindByNameAsync("clinician", TestContext.Current.CancellationToken))!;
        var session = await host.LatestSessionAsync(clinician.Id);
        using var admin = await host.SignedInAsync("admin");
        using var elsewhere = await host.SignedInAsync("clinician");
        var asked = await host.AskAsync(
            "launch openid patient/Patient.rs", interaction => interaction with { LaunchPatient = "demo-ben", LaunchUserId = clinician.Id, LaunchSessionId = session });
        var stolen = await host.AskAsync(
            "launch openid patient/Patient.rs", interaction => interaction with { LaunchPatient = "demo-ben", LaunchUserId = clinician.Id, LaunchSessionId = session });

        var later = await host.AskAsync(
            "launch openid patient/Patient.rs", interaction => interaction with { LaunchPatient = "demo-ben", LaunchUserId = clinician.Id, LaunchSessionId = session });

        await browser.SubmitAsync(Allow(await browser.GetAsync(Address(asked))).With("patient", "demo-amy"));
        var refused = await admin.GetAsync(Address(stolen));

        Assert.Equal("demo-ben", (await host.DecisionAsync(asked))!.Patient);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Null(await host.DecisionAsync(stolen));
        Assert.Equal(HttpStatusCode.Forbidden, (await elsewhere.GetAsync(Address(later))).Status);
        Assert.Null(await host.DecisionAsync(later));
    }

    [Fact]
    public async Task The_same_is_not_asked_twice_unless_it_must_be_or_is_more()
    {
        using var browser = await host.SignedInAsync("clinician");
        const string Client = "remembered-app";
        var scopes = "openid user/Patient.rs user/Observation.rs";
        await browser.SubmitAsync(Allow(await browser.GetAsync(Address(await host.AskAsync(scopes, clientId: Client)))));

        var again = await host.AskAsync(scopes, clientId: Client);
        Assert.StartsWith("/auth/authorize?", (await browser.GetAsync(Address(again))).Location, StringComparison.Ordinal);
        Assert.Equal(scopes.Split(' ').Order(), (await host.DecisionAsync(again))!.Scopes.Order());
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Address(await host.AskAsync($"{scopes} offline_access", clientId: Client)))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Address(await host.AskAsync("openid user/Patient.cruds", clientId: Client)))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Address(await host.AskAsync(scopes, asked => asked with { MustConsent = true }, Client)))).Status);
    }

    [Fact]
    public async Task Whoever_must_sign_in_anew_does_so_before_anything_is_shown()
    {
        using var browser = await host.SignedInAsync("patient");
        var asked = await host.AskAsync(Asked, interaction => interaction with { MustAuthenticate = true });

        var first = await browser.GetAsync(Address(asked));
        Assert.StartsWith("/auth/login?returnUrl=", first.Location, StringComparison.Ordinal);
        var signedIn = await browser.SignInAsync("patient", PageHost.Password, Address(asked));
        Assert.Equal(Address(asked), signedIn.Location);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(Address(asked))).Status);
    }

    [Fact]
    public async Task One_request_is_answered_once()
    {
        using var browser = await host.SignedInAsync("patient");
        var form = Allow(await browser.GetAsync(Address(await host.AskAsync(Asked))));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => browser.SubmitAsync(form)));

        Assert.Single(answers, answer => answer.Location is not null);
        Assert.All(answers.Where(answer => answer.Location is null), answer => Assert.InRange((int)answer.Status, 400, 499));
    }

    private static string Address(AuthorizationInteraction asked) => $"/auth/interaction/{asked.Id}";

    private static string ScopeField(ShownPage page) => page.Forms[^1].Inputs.First(input => input.Type == "checkbox").Name;

    private static PageForm Allow(ShownPage page) => Press(page, "allow");

    /// <summary>The form that has this button, sent by it.</summary>
    private static PageForm Press(ShownPage page, string button, PageForm? filled = null)
    {
        Assert.Equal(HttpStatusCode.OK, page.Status);
        return (filled ?? page.Forms.Last(form => form.Inputs.Any(input => input.Value == button))).Pressing("action", button);
    }
}
