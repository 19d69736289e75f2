using System.Net;
using System.Text.RegularExpressions;
using TeleFhir.Api.Tests.Architecture;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>What holds for every page, whoever looks at it. New pages are found by their routes and need no line here.</summary>
public sealed partial class EveryPageTests(PageHost host) : IClassFixture<PageHost>
{
    private static readonly string?[] _people = [null, "patient", "clinician", "admin"];

    [Fact]
    public async Task Nothing_is_kept_framed_told_to_others_or_run()
    {
        var offences = new List<string>();
        foreach (var (page, who) in await ShownAsync())
        {
            var policy = page.Header("Content-Security-Policy").Split(';', StringSplitOptions.TrimEntries);
            Check(policy.Contains("default-src 'none'") || policy.Contains("default-src 'self'"), "default-src");
            Check(policy.Contains("frame-ancestors 'none'"), "frame-ancestors");
            Check(policy.Contains("base-uri 'none'"), "base-uri");
            Check(policy.Any(part => part.StartsWith("form-action 'self'", StringComparison.Ordinal)), "form-action");
            Check(!policy.Any(part => part.Contains("unsafe", StringComparison.Ordinal) || part.Contains('*', StringComparison.Ordinal)), "an open policy");
            Check(page.Header("X-Frame-Options") == "DENY", "X-Frame-Options");
            Check(page.Header("Referrer-Policy") == "no-referrer", "Referrer-Policy");
            Check(page.Header("Cache-Control").Contains("no-store", StringComparison.Ordinal), "Cache-Control");
            void Check(bool holds, string what)
            {
                if (!holds)
                {
                    offences.Add($"{page.Address} for {who}: {what}");
                }
            }
        }

        Offences.None(offences);
    }

    [Fact]
    public async Task Pages_have_no_script_and_no_style_of_their_own_and_fetch_nothing_from_elsewhere()
    {
        Offences.None(
            from shown in await ShownAsync()
            from Match match in Active().Matches(shown.Page.Html)
            select $"{shown.Page.Address} for {shown.Who}: {match.Value}");
    }

    [Fact]
    public async Task Pages_say_their_language_their_title_and_one_heading_and_hold_their_content_in_a_landmark()
    {
        var offences = new List<string>();
        foreach (var (page, who) in await ShownAsync())
        {
            string[] once = ["<html lang=\"en\"", "<title>", "<main", "<h1", "name=\"viewport\""];
            offences.AddRange(once.Where(part => page.Html.Split(part).Length != 2).Select(part => $"{page.Address} for {who}: not one {part}"));
            offences.AddRange(Identity().Matches(page.Html).GroupBy(match => match.Groups[1].Value).Where(same => same.Count() > 1)
                .Select(same => $"{page.Address} for {who}: {same.Count()} things are called {same.Key}"));
        }

        Offences.None(offences);
    }

    [Fact]
    public async Task Every_control_has_a_label()
    {
        var offences = new List<string>();
        foreach (var (page, who) in await ShownAsync())
        {
            var labels = LabelFor().Matches(page.Html).Select(match => match.Groups[1].Value).ToHashSet();
            foreach (Match control in Control().Matches(page.Html))
            {
                var attributes = PageForm.Attributes(control.Groups["tag"].Value);
                var isWrapped = page.Html.LastIndexOf("<label", control.Index, StringComparison.Ordinal) is >= 0 and var label
                    && page.Html.IndexOf("</label", label, StringComparison.Ordinal) > control.Index;
                if (attributes.GetValueOrDefault("type") != "hidden" && !isWrapped && !attributes.ContainsKey("aria-label")
                    && !(attributes.TryGetValue("id", out var id) && labels.Contains(id)))
                {
                    offences.Add($"{page.Address} for {who}: {control.Value}");
                }
            }

            offences.AddRange(Button().Matches(page.Html)
                .Where(button => VisibleText(button.Groups["inner"].Value).Length == 0 && !button.Groups["tag"].Value.Contains("aria-label", StringComparison.Ordinal))
                .Select(button => $"{page.Address} for {who}: a button without words"));
        }

        Offences.None(offences);
    }

    [Fact]
    public async Task A_form_that_did_not_come_from_the_page_is_refused_everywhere()
    {
        var refused = new HashSet<string>();
        foreach (var who in _people)
        {
            using var browser = who is null ? host.NewBrowser() : await host.SignedInAsync(who);
            foreach (var address in await AddressesAsync())
            {
                var answer = await browser.PostAsync(address, [new("username", "patient"), new("password", PageHost.Password), new("action", "allow"), new("scope", "openid")]);

                Assert.True(
                    answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
                        || answer.Location?.StartsWith("/auth/login", StringComparison.Ordinal) == true,
                    $"{address} for {who}: {answer.Status} {answer.Location}");
                if (answer.Status == HttpStatusCode.BadRequest)
                {
                    refused.Add(address.Split('/')[2]);
                }
            }
        }

        Assert.Superset(new HashSet<string> { "login", "logout", "interaction", "apps", "admin" }, refused);
    }

    [Fact]
    public async Task A_token_of_another_browser_is_refused()
    {
        using var other = await host.SignedInAsync("clinician");
        var form = (await other.GetAsync("/auth/logout")).Forms.Last(form => form.Action.StartsWith("/auth/logout", StringComparison.Ordinal));
        using var victim = await host.SignedInAsync("clinician");

        var answer = await victim.SubmitAsync(form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await victim.GetAsync("/auth/apps")).Status);
    }

    [Theory]
    [InlineData("patient")]
    [InlineData("clinician")]
    public async Task Administration_is_for_administrators(string userName)
    {
        using var nobody = host.NewBrowser();
        using var somebody = await host.SignedInAsync(userName);
        var pages = host.Routes.Where(route => route.StartsWith("/auth/admin", StringComparison.Ordinal)).ToList();

        Assert.True(pages.Count >= 2);
        foreach (var page in pages)
        {
            Assert.StartsWith("/auth/login", (await nobody.GetAsync(page)).Location, StringComparison.Ordinal);
            var refused = await somebody.GetAsync(page);
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.True(refused.IsHtml);
        }
    }

    [Fact]
    public async Task Cookies_are_out_of_reach_of_script_and_of_other_sites()
    {
        using var browser = host.NewBrowser();
        var form = await browser.GetAsync("/auth/login");
        var signedIn = await browser.SignInAsync("patient", PageHost.Password);
        var set = $"{form.Header("Set-Cookie")}, {signedIn.Header("Set-Cookie")}";
        var cookies = CookieStart().Split(set).Where(cookie => cookie.Contains('=', StringComparison.Ordinal)).ToList();

        Assert.Contains(cookies, cookie => cookie.StartsWith("telefhir.session=", StringComparison.Ordinal));
        Assert.All(cookies, cookie => Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase));
        Assert.All(cookies, cookie => Assert.Matches("(?i)samesite=(lax|strict)", cookie));
    }

    /// <summary>Every page as each person sees it.</summary>
    private async Task<IReadOnlyList<(ShownPage Page, string Who)>> ShownAsync()
    {
        var shown = new List<(ShownPage, string)>();
        foreach (var who in _people)
        {
            using var browser = who is null ? host.NewBrowser() : await host.SignedInAsync(who);
            foreach (var address in await AddressesAsync())
            {
                var page = await browser.GetAsync(address);
                Assert.True((int)page.Status < 500, $"{address} for {who}: {page.Status}");
                if (page.IsHtml)
                {
                    shown.Add((page, who ?? "nobody"));
                }
            }
        }

        Assert.True(shown.Count >= 12, $"only {shown.Count} pages");
        return shown;
    }

    private async Task<IReadOnlyList<string>> AddressesAsync()
    {
        var asked = await host.AskAsync("launch/patient openid fhirUser offline_access patient/Condition.rs patient/Observation.rs patient/*.cruds user/Patient.rs");
        return [.. host.Routes.Select(route => route.Replace("{id}", asked.Id, StringComparison.Ordinal))];
    }

    private static string VisibleText(string html) => Markup().Replace(html, "").Trim();

    [GeneratedRegex("<script|\\sstyle=|<style|\\son[a-z]+=|javascript:|(?:src|href|action)=\"(?:https?:)?//[^\"]*\"", RegexOptions.IgnoreCase)]
    private static partial Regex Active();

    [GeneratedRegex("\\sid=\"([^\"]+)\"")]
    private static partial Regex Identity();

    [GeneratedRegex("<label[^>]*\\sfor=\"([^\"]+)\"")]
    private static partial Regex LabelFor();

    [GeneratedRegex("<(?:input|select|textarea)\\b(?<tag>[^>]*)>")]
    private static partial Regex Control();

    [GeneratedRegex("<button\\b(?<tag>[^>]*)>(?<inner>.*?)</button>", RegexOptions.Singleline)]
    private static partial Regex Button();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex(", (?=[\\w.-]+=)")]
    private static partial Regex CookieStart();
}
