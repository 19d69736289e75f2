using System.Net;
using System.Text.RegularExpressions;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Signing in and out on pages.</summary>
public sealed class PagesSignInTests(PagesHost host) : IClassFixture<PagesHost>
{
    [Theory]
    [InlineData("patient", "Amy Rivera")]
    [InlineData("clinician", "Dr. Grace Lee")]
    [InlineData("admin", "Demo Administrator")]
    public async Task Demo_users_sign_in_by_the_password_alone(string userName, string name)
    {
        var browser = host.Browser();
        var page = await browser.SignInAsync(userName);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Equal("/auth/apps", browser.Address.AbsolutePath);
        Assert.Contains(name, page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_a_wrong_name_and_a_locked_account_answer_alike()
    {
        await host.AddAsync("locked", UserRole.Patient, "Patient/demo-amy");
        var answers = new List<string>();
        foreach (var (name, password) in new[] { ("clinician", "wrong"), ("nobody", "wrong"), ("nobody", "Telefhir-demo-1") })
        {
            var page = await host.Browser().SignInAsync(name, password);
            Assert.Equal(HttpStatusCode.Unauthorized, page.Status);
            answers.Add(FaultOf(page));
        }

        for (var at = 0; at < new SignInSettings().LockAfter; at++)
        {
            answers.Add(FaultOf(await host.Browser().SignInAsync("locked", "wrong")));
        }

        var locked = await host.Browser().SignInAsync("locked", PagesHost.Password);
        Assert.Equal(HttpStatusCode.Unauthorized, locked.Status);
        Assert.Single(answers.Append(FaultOf(locked)).Distinct());
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("\\\\evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/a\r\nb")]
    public async Task Signing_in_leads_nowhere_else(string address)
    {
        var browser = host.Browser();
        await browser.OpenAsync($"/auth/login?returnUrl={Uri.EscapeDataString(address)}");
        await browser.SignInAsync("clinician");

        Assert.Equal("http://localhost/auth/apps", browser.Address.ToString());
    }

    [Fact]
    public async Task A_form_without_its_token_is_refused()
    {
        var browser = host.Browser();
        await browser.OpenAsync("/auth/login");
        var answer = await browser.PostAsync("/auth/login", [new("username", "clinician"), new("password", "Telefhir-demo-1")]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);

        await browser.OpenAsync("/auth/login");
        await browser.SignInAsync("clinician");
        foreach (var address in new[] { "/auth/logout", "/auth/apps", "/auth/start" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(address, [new("grant", "x")])).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/auth/apps")).Status);
        Assert.Equal("/auth/apps", browser.Address.AbsolutePath);
    }

    [Fact]
    public async Task Signing_in_makes_a_new_session_and_signing_out_ends_it()
    {
        var browser = host.Browser();
        await browser.SignInAsync("clinician");
        var first = Session(browser);
        await browser.OpenAsync("/auth/login");
        await browser.SignInAsync("clinician");
        Assert.NotEqual(first.Value, Session(browser).Value);
        Assert.True(first.HttpOnly);

        var thief = host.Browser();
        thief.Cookies.Add(new Cookie(first.Name, first.Value, "/", "localhost"));
        await thief.OpenAsync("/auth/apps");
        Assert.Equal("/auth/login", thief.Address.AbsolutePath);

        var kept = Session(browser);
        await browser.OpenAsync("/auth/apps");
        var left = await browser.SubmitAsync("Sign out");
        Assert.Contains("You are signed out", left.Body, StringComparison.Ordinal);
        thief.Cookies.Add(new Cookie(kept.Name, kept.Value, "/", "localhost"));
        await thief.OpenAsync("/auth/apps");
        Assert.Equal("/auth/login", thief.Address.AbsolutePath);
    }

    [Fact]
    public async Task A_clinician_sets_up_a_second_step_whose_codes_work_once()
    {
        await host.AddAsync("drsecond", UserRole.Clinician, "Practitioner/demo-lee");
        var browser = host.Browser();
        var setUp = await browser.SignInAsync("drsecond", PagesHost.Password);
        Assert.Equal("/auth/second-factor/setup", browser.Address.AbsolutePath);
        Assert.Contains("otpauth://totp/TeleFhir:drsecond?secret=", setUp.Body, StringComparison.Ordinal);
        var secret = Decode(Regex.Match(setUp.Body, "id=\"secret\">([A-Z2-7]+)<").Groups[1].Value);
        var step = TimeCode.StepAt(TimeProvider.System.GetUtcNow());

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SubmitAsync("Set up", ("code", "000000x"))).Status);
        var done = await browser.SubmitAsync("Set up", ("code", TimeCode.CodeAt(secret, step)));
        var codes = Regex.Matches(done.Body, "<li>([A-Z2-7-]{19})</li>").Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(8, codes.Count);
        Assert.Equal("/auth/apps", (await browser.OpenAsync("/auth/apps") is { Status: HttpStatusCode.OK } ? browser.Address : new Uri("about:blank")).AbsolutePath);

        Assert.Equal(HttpStatusCode.Unauthorized, await SecondAsync(TimeCode.CodeAt(secret, step)));
        Assert.Equal(HttpStatusCode.OK, await SecondAsync(TimeCode.CodeAt(secret, step + 1)));
        Assert.Equal(HttpStatusCode.Unauthorized, await SecondAsync(TimeCode.CodeAt(secret, step + 1)));
        Assert.Equal(HttpStatusCode.OK, await SecondAsync(codes[0].ToLowerInvariant()));
        Assert.Equal(HttpStatusCode.Unauthorized, await SecondAsync(codes[0]));

        async Task<HttpStatusCode> SecondAsync(string code)
        {
            var again = host.Browser();
            await again.SignInAsync("drsecond", PagesHost.Password);
            Assert.Equal("/auth/second-factor", again.Address.AbsolutePath);
            var answer = await again.SubmitAsync("Continue", ("code", code));
            var isIn = again.Address.AbsolutePath == "/auth/apps";
            await again.OpenAsync("/auth/apps");
            Assert.Equal(isIn, again.Address.AbsolutePath == "/auth/apps");
            return answer.Status;
        }
    }

    [Fact]
    public async Task Every_page_has_the_headers()
    {
        var browser = host.Browser();
        await browser.SignInAsync("admin");
        foreach (var address in new[] { "/auth/login", "/auth/logout", "/auth/apps", "/auth/admin/users", "/auth/admin/clients", "/auth/start", "/auth/interaction/none" })
        {
            var page = await browser.OpenAsync(address);
            var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal(["DENY"], page.Headers.GetValues("X-Frame-Options"));
            Assert.Equal(["no-referrer"], page.Headers.GetValues("Referrer-Policy"));
            Assert.True(page.Headers.CacheControl!.NoStore);
            Assert.DoesNotContain("<script", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", page.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("patient", "/auth/admin/users", HttpStatusCode.Forbidden)]
    [InlineData("clinician", "/auth/admin/users", HttpStatusCode.Forbidden)]
    [InlineData("patient", "/auth/admin/clients", HttpStatusCode.Forbidden)]
    [InlineData("clinician", "/auth/admin/clients", HttpStatusCode.Forbidden)]
    [InlineData("admin", "/auth/admin/users", HttpStatusCode.OK)]
    [InlineData("admin", "/auth/admin/clients", HttpStatusCode.OK)]
    [InlineData("admin", "/auth/start", HttpStatusCode.Forbidden)]
    public async Task Pages_are_for_those_they_are_for(string userName, string address, HttpStatusCode status)
    {
        var stranger = host.Browser();
        await stranger.OpenAsync(address);
        Assert.Equal("/auth/login", stranger.Address.AbsolutePath);

        var browser = host.Browser();
        await browser.SignInAsync(userName);
        Assert.Equal(status, (await browser.OpenAsync(address)).Status);
        Assert.Equal(status == HttpStatusCode.Forbidden ? HttpStatusCode.Forbidden : HttpStatusCode.BadRequest, (await browser.PostAsync(address, [new("action", "add")])).Status);
    }

    private static string FaultOf(Answer page) => Regex.Match(page.Body, "role=\"alert\">([^<]*)<").Groups[1].Value is { Length: > 0 } fault ? fault : "none";

    private static Cookie Session(PageBrowser browser) =>
        Assert.Single(browser.Cookies.GetCookies(new Uri("http://localhost/")), cookie => cookie.Name == "telefhir.session");

    private static byte[] Decode(string base32)
    {
        var bits = string.Concat(base32.Select(letter => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. bits.Chunk(8).Where(chunk => chunk.Length == 8).Select(chunk => Convert.ToByte(new string(chunk), 2))];
    }
}
