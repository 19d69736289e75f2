using System.Net;
using System.Text;
using TeleFhir.Api.Tests.Architecture;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>Whatever a form is sent with, the answer is a page or a refusal, never a fault of the server, and nothing of it becomes markup.</summary>
public sealed class HostileFormTests(PageHost host) : IClassFixture<PageHost>
{
    private const string Markup = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

    /// <summary>Texts that break what trusts them: markup, SQL, FHIR search syntax, long, control, odd Unicode, numbers out of range.</summary>
    private static readonly string[] _texts =
    [
        "", " ", Markup, "' OR 1=1 --", "\\", "a\\", "$", "|", ",", "a,b|c$d\\", "%", "_", ":exact", "\0", "a\0b", "\r\nSet-Cookie: x=y", "\u202e\u0301",
        "\ud83d\ude00", "../../etc/passwd", "//evil.example", "Patient/demo-amy", "-1", "99999999999999999999", new string('x', 3000), new string('é', 1500),
    ];

    [Theory]
    [InlineData(null)]
    [InlineData("patient")]
    [InlineData("clinician")]
    [InlineData("admin")]
    public async Task Every_field_of_every_form_takes_every_text(string? userName)
    {
        using var browser = userName is null ? host.NewBrowser() : await host.SignedInAsync(userName);
        var faults = new List<string>();
        var sent = 0;
        foreach (var route in host.Routes)
        {
            foreach (var text in _texts)
            {
                // Afresh each time: one of them may have answered the question.
                var asked = await host.AskAsync("launch/patient launch/encounter openid offline_access patient/Condition.rs patient/Observation.rs");
                var page = await browser.GetAsync(route.Replace("{id}", asked.Id, StringComparison.Ordinal));
                foreach (var form in page.Forms.Where(form => !form.Action.Contains("logout", StringComparison.Ordinal)))
                {
                    var target = form.Action.Contains("/auth/launch", StringComparison.Ordinal) ? null : form;
                    if (target is null)
                    {
                        continue;
                    }

                    var fields = form.Inputs.Select(input => input.Name).Where(name => name.Length > 0 && name != "__RequestVerificationToken").Distinct().ToList();
                    var filled = fields.Aggregate(form, (changed, field) => changed.With(field, text));
                    var answers = new List<ShownPage> { await browser.SubmitAsync(filled) };
                    if (text is Markup or "a\0b" or "a,b|c$d\\")
                    {
                        foreach (var field in fields)
                        {
                            answers.Add(await browser.SubmitAsync(form.With(field, text)));
                        }
                    }

                    sent += answers.Count;
                    faults.AddRange(answers.Where(answer => (int)answer.Status >= 500 || answer.Html.Contains("<script>alert", StringComparison.Ordinal)
                            || (answer.Location is { } location && !location.StartsWith("/auth/", StringComparison.Ordinal)))
                        .Select(answer => $"{form.Action} with '{Shorten(text)}': {answer.Status} {answer.Location}"));
                }
            }
        }

        Assert.True(sent >= _texts.Length, $"only {sent} forms were sent");
        Offences.None(faults.Distinct());
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("http:evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("\t//evil.example")]
    [InlineData("/%09/evil.example\r\nX: y")]
    [InlineData("javascript:alert(1)")]
    [InlineData("evil")]
    [InlineData("~/x")]
    [InlineData("")]
    public async Task Signing_in_leads_nowhere_else(string returnUrl)
    {
        using var browser = host.NewBrowser();

        var answer = await browser.SignInAsync("patient", PageHost.Password, returnUrl);

        Assert.Equal(HttpStatusCode.Found, answer.Status);
        Assert.Equal("/auth/apps", answer.Location);
    }

    [Fact]
    public async Task Every_page_takes_every_query()
    {
        using var browser = await host.SignedInAsync("admin");
        var faults = new List<string>();
        foreach (var route in host.Routes)
        {
            foreach (var text in _texts.Where(text => text.Length < 3000))
            {
                var value = Uri.EscapeDataString(text);

                // The web server refuses a path with a zero in it before it gets here.
                var id = text.Length == 0 || text.Contains('\0', StringComparison.Ordinal) ? "-" : value;
                var page = await browser.GetAsync($"{route.Replace("{id}", id, StringComparison.Ordinal)}?id={value}&returnUrl={value}&name={value}&page={value}");
                if ((int)page.Status >= 500 || page.Html.Contains("<script>alert", StringComparison.Ordinal))
                {
                    faults.Add($"{route} with '{Shorten(text)}': {page.Status}");
                }
            }
        }

        Offences.None(faults);
    }

    /// <summary>Forms may come in any content type that a browser or a tool can send.</summary>
    [Theory]
    [InlineData("application/json", "{\"username\":\"patient\"}")]
    [InlineData("text/plain", "username=patient")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\npatient")]
    [InlineData("multipart/form-data", "no boundary")]
    [InlineData("application/x-www-form-urlencoded", "%%%=%%&&&==&username=%ff%fe")]
    [InlineData("nonsense", "x")]
    public async Task Content_that_is_no_form_of_ours_is_refused(string type, string content)
    {
        using var browser = await host.SignedInAsync("admin");
        foreach (var route in host.Routes)
        {
            using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(content));
            body.Headers.TryAddWithoutValidation("Content-Type", type);
            var answer = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, route.Replace("{id}", "x", StringComparison.Ordinal)) { Content = body });

            Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{route}: {answer.Status}");
        }
    }

    [Fact]
    public async Task A_form_that_is_far_too_long_is_refused()
    {
        using var browser = host.NewBrowser();
        var form = (await browser.GetAsync("/auth/login")).FormWith("password");

        var answer = await browser.SubmitAsync(form.With("username", new string('x', 5_000_000)));

        Assert.InRange((int)answer.Status, 400, 499);
    }

    private static string Shorten(string text) => text.Length > 40 ? $"{text[..40]}..." : text.Replace('\0', '0');
}
