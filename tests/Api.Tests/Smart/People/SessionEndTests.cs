using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>A cookie is worth as much as its session: nothing once that has ended, whoever kept a copy.</summary>
public sealed partial class SessionEndTests(PageHost host) : IClassFixture<PageHost>
{
    private const string LaunchAddress = "/auth/launch?client_id=demo-app&patient=demo-amy";

    [Fact]
    public async Task A_copy_of_the_cookie_opens_nothing_after_signing_out()
    {
        using var browser = await host.SignedInAsync("clinician");
        using var thief = Copy(browser);
        Assert.Equal(HttpStatusCode.OK, (await thief.GetAsync("/auth/apps")).Status);
        Assert.Equal(HttpStatusCode.Found, (await thief.GetAsync(LaunchAddress)).Status);

        await browser.SubmitAsync((await browser.GetAsync("/auth/logout")).Forms[^1]);

        Assert.StartsWith("/auth/login", (await thief.GetAsync("/auth/apps")).Location, StringComparison.Ordinal);
        Assert.Contains("/auth/login", (await thief.GetAsync(LaunchAddress)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_is_disabled_is_out_at_once()
    {
        var accounts = host.Server.Services.GetRequiredService<IUserAccounts>();
        var account = await accounts.AddAsync(
            new NewAccount("leaver", "Lee Ver", UserRole.Clinician, "Practitioner/demo-okoye") { IsDemo = true }, PageHost.Password, TestContext.Current.CancellationToken);
        using var browser = await host.SignedInAsync("leaver");
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/auth/apps")).Status);

        await accounts.ChangeAsync(account with { IsDisabled = true }, TestContext.Current.CancellationToken);

        Assert.StartsWith("/auth/login", (await browser.GetAsync("/auth/apps")).Location, StringComparison.Ordinal);
        Assert.Contains("/auth/login", (await browser.GetAsync(LaunchAddress)).Location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SignInAsync("leaver", PageHost.Password)).Status);
    }

    [Fact]
    public async Task Signing_in_gives_a_new_session_and_ends_the_one_before()
    {
        using var browser = await host.SignedInAsync("patient");
        using var before = Copy(browser);

        await browser.SignInAsync("clinician", PageHost.Password);

        Assert.StartsWith("/auth/login", (await before.GetAsync("/auth/apps")).Location, StringComparison.Ordinal);
        Assert.Contains("Grace Lee", (await browser.GetAsync("/auth/apps")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_in_on_the_way_to_a_launch_may_lead_to_the_application()
    {
        using var browser = host.NewBrowser();
        var clients = host.Server.Services.GetRequiredService<IClients>();
        var application = (await clients.FindAsync("demo-app", TestContext.Current.CancellationToken))!.InitiateLoginUri!;

        var page = await browser.GetAsync($"/auth/login?returnUrl={Uri.EscapeDataString(LaunchAddress)}");

        Assert.Contains($"form-action 'self' {new Uri(application).GetLeftPart(UriPartial.Authority)};", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        var launched = await browser.FollowAsync(await browser.SignInAsync("clinician", PageHost.Password, LaunchAddress));
        Assert.StartsWith(application, launched.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_of_a_question_is_worth_nothing_in_a_browser_that_was_not_asked()
    {
        using var attacker = host.NewBrowser();
        using var victim = await host.SignedInAsync("patient");
        var challenge = new string('A', 43);
        var asked = await attacker.GetAsync(
            "/auth/authorize?response_type=code&client_id=demo-app&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2F&scope=openid%20launch%2Fpatient&state=s"
            + $"&aud={Uri.EscapeDataString("http://localhost/fhir")}&code_challenge={challenge}&code_challenge_method=S256");
        Assert.Matches(Question(), asked.Location);

        // Never opened by whoever asked, only passed on.
        var page = await victim.GetAsync(asked.Location!);

        Assert.InRange((int)page.Status, 400, 499);
        Assert.DoesNotContain(page.Forms, form => form.Inputs.Any(input => input.Value == "allow"));
        Assert.StartsWith("/auth/login", (await attacker.GetAsync(asked.Location!)).Location, StringComparison.Ordinal);
    }

    private PageBrowser Copy(PageBrowser browser)
    {
        var copy = host.NewBrowser();
        copy.Cookies.Add(browser.Cookies.GetAllCookies());
        return copy;
    }

    [GeneratedRegex("^/auth/interaction/.{43}$")]
    private static partial Regex Question();
}
