using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using TeleFhir.Api.Tests.Durability;

namespace TeleFhir.Browser.Tests;

/// <summary>
/// What patients and clinicians do on their pages, by the words they see. A week ahead is looked at, so that the time of day at which the tests
/// run decides nothing. Pictures of the pages are left beside the test's binary.
/// </summary>
public sealed partial class PortalTests
{
    private static readonly Regex _withLee = TimeWithLee();

    [Fact]
    public async Task A_patient_finds_holds_books_moves_and_cancels()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.OpenAsync("patient");
        await NextWeekAsync(page);
        await ShowAsync(page, "find");

        var first = await PickAsync(page);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Held for you" }).WaitForAsync();
        await page.GetByRole(AriaRole.Timer).Filter(new() { HasTextRegex = Countdown() }).WaitForAsync();
        await ShowAsync(page, "held");
        await page.GetByLabel("What is it about?").FillAsync("A rash");
        await page.GetByRole(AriaRole.Button, new() { Name = "Book it" }).ClickAsync();
        await page.GetByText($"Booked: {first}.").WaitForAsync();
        var when = first[..first.IndexOf(" with ", StringComparison.Ordinal)];
        Assert.Matches("/visit/[A-Za-z0-9.-]+$", await page.GetByRole(AriaRole.Link, new() { Name = $"Join: {when}" }).GetAttributeAsync("href"));

        await page.GetByRole(AriaRole.Button, new() { Name = $"Move: {when}" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Find another time" }).WaitForAsync();
        await SettledAsync(page);
        var second = await PickAsync(page);
        var moved = second[..second.IndexOf(" with ", StringComparison.Ordinal)];
        Assert.NotEqual(when, moved);
        await page.GetByText($"Moved to {moved}.").WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = $"Cancel: {when}" }).CountAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = $"Cancel: {moved}" }).ClickAsync();
        await page.GetByLabel("Reason").SelectOptionAsync("I feel better");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the appointment" }).ClickAsync();
        await page.GetByText($"Your appointment on {second} is cancelled.").WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = $"Cancel: {moved}" }).CountAsync());
        await page.GetByText("Past and cancelled").ClickAsync();
        await page.Locator("#past-appointments").GetByText("Cancelled").WaitForAsync();
        await ShowAsync(page, "cancelled");
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task A_hold_outlives_the_page_and_can_be_let_go()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.OpenAsync("patient", width: 390);
        await NextWeekAsync(page);
        await PickAsync(page);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Held for you" }).WaitForAsync();
        await ShowAsync(page, "held-narrow");
        await AssertFitsAsync(page);

        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Let it go" }).ClickAsync();
        await page.GetByText("The time is free again.").WaitForAsync();
        Assert.False(await page.GetByRole(AriaRole.Heading, new() { Name = "Held for you" }).IsVisibleAsync());
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task Of_two_patients_after_one_time_the_second_is_told()
    {
        await using var scene = await Scene.StartAsync();
        var password = await scene.AddBenAsync();
        var (amy, ben) = (await scene.OpenAsync("patient"), await scene.OpenAsync("ben", width: 390, password));
        await NextWeekAsync(amy);
        await NextWeekAsync(ben);

        var time = await PickAsync(amy);
        await amy.GetByRole(AriaRole.Heading, new() { Name = "Held for you" }).WaitForAsync();
        var late = ben.GetByRole(AriaRole.Button, new() { Name = time, Exact = true });
        await late.ClickAsync();
        await ben.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Requested time is no longer available" }).WaitForAsync();
        await late.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await ShowAsync(ben, "taken-narrow");
        Assert.False(await ben.GetByRole(AriaRole.Heading, new() { Name = "Held for you" }).IsVisibleAsync());
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task Check_in_names_what_is_to_be_filled_in_first()
    {
        await using var scene = await Scene.StartAsync();
        await scene.PutAsync("Questionnaire/intake", """
            {"resourceType":"Questionnaire","id":"intake","url":"http://clinic.example/intake","title":"Before your visit","status":"active","item":[{"linkId":"1","text":"How are you?","type":"string"}]}
            """);
        var visit = await scene.AddVisitNowAsync(
            "Practitioner/demo-okoye", """ "supportingInformation":[{"reference":"Questionnaire/intake"}],""");
        var page = await scene.OpenAsync("patient", width: 390);

        await page.GetByText("Before your visit (missing)").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = CheckIn() }).First.ClickAsync();
        await page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Before you check in, fill in: Before your visit." }).WaitForAsync();
        await ShowAsync(page, "check-in-narrow");

        await scene.PutAsync("QuestionnaireResponse/intake", """
            {"resourceType":"QuestionnaireResponse","id":"intake","questionnaire":"http://clinic.example/intake","status":"completed","subject":{"reference":"Patient/demo-amy"},"authored":"2026-01-01","item":[{"linkId":"1","answer":[{"valueString":"Well"}]}]}
            """);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = CheckIn() }).First.ClickAsync();
        await page.GetByText("You are checked in.").WaitForAsync();
        Assert.Equal("checked-in", (await scene.GetAsync($"Appointment/{visit}"))["status"]!.GetValue<string>());
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task A_clinician_sees_the_day_blocks_a_time_and_cancels()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.OpenAsync("clinician");
        var appointment = await scene.GetAsync("Appointment/demo-amy-visit");
        var day = appointment["start"]!.GetValue<string>()[..10];
        await page.GetByLabel("Day", new() { Exact = true }).FillAsync(day);
        await page.GetByRole(AriaRole.Heading, new() { Name = "10:00 AM to 10:30 AM Amy Rivera" }).WaitForAsync();
        Assert.Equal("/visit/demo-amy-visit", await page.GetByRole(AriaRole.Link, new() { Name = "Open the visit: Amy Rivera" }).GetAttributeAsync("href"));
        await ShowAsync(page, "day");

        await page.GetByRole(AriaRole.Button, new() { Name = "Block: 11:00 AM to 11:30 AM" }).ClickAsync();
        await page.GetByText("11:00 AM to 11:30 AM is unavailable now.").WaitForAsync();
        var slot = $"Slot/demo-lee-{day.Replace("-", "", StringComparison.Ordinal)}-1100";
        Assert.Equal("busy-unavailable", (await scene.GetAsync(slot))["status"]!.GetValue<string>());
        await page.GetByRole(AriaRole.Button, new() { Name = "Unblock: 11:00 AM to 11:30 AM" }).ClickAsync();
        await page.GetByText("11:00 AM to 11:30 AM is free now.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel: Amy Rivera, 10:00 AM" }).ClickAsync();
        await page.GetByLabel("Reason").SelectOptionAsync("The clinician cannot make it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the appointment" }).ClickAsync();
        await page.GetByText(new Regex("^Cancelled: Amy Rivera, ")).WaitForAsync();
        Assert.Equal("cancelled", (await scene.GetAsync("Appointment/demo-amy-visit"))["status"]!.GetValue<string>());

        await page.SetViewportSizeAsync(390, 844);
        await ShowAsync(page, "day-narrow");
        await AssertFitsAsync(page);
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task A_clinician_sees_who_waits_and_admits()
    {
        await using var scene = await Scene.StartAsync();
        var visit = await scene.AddVisitNowAsync("Practitioner/demo-lee");
        var (lee, amy) = (await scene.OpenAsync("clinician"), await scene.OpenAsync("patient", width: 390));
        await lee.GetByText("Nobody waits.").WaitForAsync();

        await amy.GetByRole(AriaRole.Button, new() { NameRegex = CheckIn() }).First.ClickAsync();
        await amy.GetByText("You are checked in.").WaitForAsync();
        await lee.GetByText("1 patient waits.").WaitForAsync();
        await lee.GetByText(new Regex("^Number 1, waits for [0-9]+ minutes?$")).WaitForAsync();
        await ShowAsync(lee, "waiting");

        await lee.GetByRole(AriaRole.Button, new() { Name = "Admit Amy Rivera" }).ClickAsync();
        await lee.GetByText("Amy Rivera is admitted.").WaitForAsync();
        await lee.GetByText("Nobody waits.").WaitForAsync();
        Assert.Equal("fulfilled", (await scene.GetAsync($"Appointment/{visit}"))["status"]!.GetValue<string>());

        // Now that the patient is in, the way in is still shown.
        await amy.ReloadAsync();
        await amy.GetByText("In the visit").WaitForAsync();
        await ShowAsync(amy, "admitted-narrow");
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task A_clinician_books_for_a_patient_whom_they_look_for()
    {
        await using var scene = await Scene.StartAsync();
        var lee = await scene.OpenAsync("clinician");
        await lee.Locator("#booking-name").FillAsync("Rivera");
        await lee.GetByRole(AriaRole.Button, new() { Name = "Find the patient" }).ClickAsync();
        await lee.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Amy Rivera") }).ClickAsync();
        await BookAsync(lee, "Amy Rivera");
        await ShowAsync(lee, "booked-for-patient");
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task An_EHR_opens_the_page_with_its_patient_and_the_visit_asks_nothing_again()
    {
        await using var scene = await Scene.StartAsync();
        var visit = await scene.AddVisitNowAsync("Practitioner/demo-lee");
        var lee = await scene.NewPageAsync(1280);
        await lee.GotoAsync($"{scene.Origin}/auth/launch?client_id=telefhir-app&patient=demo-ben");
        await lee.SignInAsync("clinician");
        await lee.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await lee.GetByText(new Regex("^For Ben")).WaitForAsync();
        Assert.Equal($"{scene.Origin}/app/", lee.Url);
        await BookAsync(lee, "Ben");
        await ShowAsync(lee, "launched");

        // What was allowed here is allowed there: the pages are one to who uses them.
        var encounter = (await scene.GetAsync($"Encounter?appointment=Appointment/{visit}"))["entry"]![0]!["resource"]!["id"]!.GetValue<string>();
        await lee.GotoAsync($"{scene.Origin}/visit/{encounter}");
        await lee.GetByRole(AriaRole.Button, new() { Name = "Join the visit" }).WaitForAsync();
        scene.AssertNoFaults();
    }

    private static async Task BookAsync(IPage page, string name)
    {
        await page.Locator("#booking-found").Filter(new() { HasText = "free" }).WaitForAsync();
        if (await page.Locator("#booking-times button").CountAsync() == 0)
        {
            // Of a weekend little may be left of the week.
            await page.Locator("#booking-week").FillAsync(TimeProvider.System.GetUtcNow().AddDays(7).ToString("yyyy-MM-dd", null));
            await page.GetByRole(AriaRole.Button, new() { Name = "Show times" }).Last.ClickAsync();
        }

        await page.Locator("#booking-times button").First.ClickAsync();
        await page.GetByText(new Regex($"^Booked for {name}")).WaitForAsync();
    }

    [Fact]
    public async Task Whoever_takes_the_wrong_door_is_let_in_by_the_right_one_and_can_sign_out()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.NewPageAsync(1280);
        await page.GotoAsync($"{scene.Origin}/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Appointments" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in as a patient" }).ClickAsync();
        await page.SignInAsync("clinician");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Your schedule" }).WaitForAsync();
        Assert.Equal($"{scene.Origin}/app/", page.Url);
        Assert.DoesNotContain("access_token", await page.EvaluateAsync<string>("JSON.stringify({ ...sessionStorage, ...localStorage })"), StringComparison.Ordinal);

        // What the page asks for while it gives its tokens back is refused, and must not sign anybody in again.
        await page.RouteAsync("**/auth/revoke", async route =>
        {
            await page.EvaluateAsync("location.hash = '#monitoring'");
            await Task.Delay(2000);
            await route.ContinueAsync();
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync("**/auth/logout");
        await page.GotoAsync($"{scene.Origin}/app/?code=x&state=y");
        await page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "This sign-in was not begun in this tab." }).WaitForAsync();
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task The_shell_is_for_everybody_and_loads_nothing_from_elsewhere()
    {
        await using var scene = await Scene.StartAsync();
        foreach (var path in (string[])["app", "app/", "app/launch?iss=x&launch=y"])
        {
            using var answer = await scene.Client.GetAsync(path, TestContext.Current.CancellationToken);
            var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode);
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains($"data-fhir=\"{scene.Origin}/fhir\" data-client=\"telefhir-app\"", html, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", html, StringComparison.Ordinal);
            Assert.DoesNotMatch("<script(?![^>]* src=)", html);
            foreach (Match link in Loaded().Matches(html))
            {
                using var file = await scene.Client.GetAsync(link.Groups[1].Value, TestContext.Current.CancellationToken);
                Assert.True(file.IsSuccessStatusCode, link.Value);
            }
        }
    }

    private static async Task NextWeekAsync(IPage page)
    {
        await SettledAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Week after" }).ClickAsync();
        await SettledAsync(page);
    }

    /// <summary>Waits until everything that was asked for has been answered.</summary>
    private static async Task SettledAsync(IPage page) => await page.WaitForFunctionAsync(
        "() => !document.querySelector('[aria-busy=true]') && document.getElementById('found').textContent.includes('free')");

    /// <summary>Presses the first time with Dr. Lee; which it is.</summary>
    private static async Task<string> PickAsync(IPage page)
    {
        var time = page.GetByRole(AriaRole.Button, new() { NameRegex = _withLee }).First;
        var name = (await time.GetAttributeAsync("aria-label"))!;
        await time.ClickAsync();
        return name;
    }

    private static async Task AssertFitsAsync(IPage page) =>
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), "The page is wider than the screen.");

    private static async Task ShowAsync(IPage page, string name) =>
        await page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"portal-{name}.png"), FullPage = true });

    [GeneratedRegex(@", \d+:\d\d [AP]M with Dr\. Grace Lee$")]
    private static partial Regex TimeWithLee();

    [GeneratedRegex("(?:src|stylesheet\" href)=\"(/[^\"]+)\"")]
    private static partial Regex Loaded();

    [GeneratedRegex(@"^\d+:\d\d$")]
    private static partial Regex Countdown();

    [GeneratedRegex(@"the password (\w+)\s")]
    private static partial Regex MadePassword();

    [GeneratedRegex("^Check in: ")]
    private static partial Regex CheckIn();

    /// <summary>A server with demo data and a browser.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-browser-");
        private readonly List<string> _faults = [];
        private Chromium _chromium = null!;
        private ServerProcess _server = null!;
        private string? _token;

        public HttpClient Client => _server.Client;

        public string Origin => _server.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

        public static async Task<Scene> StartAsync()
        {
            var scene = new Scene { _chromium = await Chromium.StartAsync() };
            scene._server = await ServerProcess.StartAsync(scene.Settings, TestContext.Current.CancellationToken);
            return scene;
        }

        /// <summary>The pages as this user sees them after signing in.</summary>
        public async Task<IPage> OpenAsync(string userName, int width = 1280, string password = Person.Password)
        {
            var page = await NewPageAsync(width);
            await page.GotoAsync($"{Origin}/app/");
            await page.GetByRole(AriaRole.Button, new() { Name = userName == "clinician" ? "Sign in as a clinician" : "Sign in as a patient" }).ClickAsync();
            await page.SignInAsync(userName, password);
            await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
            await page.GetByRole(AriaRole.Heading, new() { Name = userName == "clinician" ? "Your schedule" : "My appointments" }).WaitForAsync();
            await page.GetByText("Times are in").WaitForAsync();
            return page;
        }

        public async Task<IPage> NewPageAsync(int width)
        {
            var page = await _chromium.NewPageAsync(width, height: 844);
            page.PageError += (_, fault) => _faults.Add(fault);
            page.Console += (_, message) =>
            {
                if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                {
                    _faults.Add(message.Text);
                }
            };
            return page;
        }

        public void AssertNoFaults() => Assert.Empty(_faults);

        /// <summary>Gives Ben an account; its password.</summary>
        public async Task<string> AddBenAsync()
        {
            var (code, output) = await ServerProcess.RunAsync(
                Settings, ["user", "add", "ben", "--role", "patient", "--fhir-user", "Patient/demo-ben"], TestContext.Current.CancellationToken);
            Assert.True(code == 0, output);
            return MadePassword().Match(output).Groups[1].Value;
        }

        /// <summary>A visit of Amy that begins in ten minutes or a little later, with more elements of the Appointment or none; its id.</summary>
        public async Task<string> AddVisitNowAsync(string practitioner, string more = "")
        {
            static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            var refused = "";
            for (var minutes = 10; minutes < 29; minutes += 3)
            {
                // What the demo has in its calendars now hangs on the time of day.
                var start = TimeProvider.System.GetUtcNow().AddMinutes(minutes);
                var (status, text) = await TrySendAsync(HttpMethod.Post, "Appointment", $$"""
                    {"resourceType":"Appointment","status":"booked","start":"{{Text(start)}}","end":"{{Text(start.AddMinutes(5))}}",
                     "serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],{{more}}
                     "participant":[{"actor":{"reference":"Patient/demo-amy"},"status":"accepted"},{"actor":{"reference":"{{practitioner}}"},"status":"accepted"}]}
                    """);
                if (status == HttpStatusCode.Created)
                {
                    return JsonNode.Parse(text)!["id"]!.GetValue<string>();
                }

                refused = text;
            }

            Assert.Fail(refused);
            return "";
        }

        public Task<JsonObject> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

        public Task<JsonObject> PutAsync(string path, string json) => SendAsync(HttpMethod.Put, path, json);

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            await _chromium.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        private Dictionary<string, string> Settings => new()
        {
            ["Auth:Mode"] = "Embedded",
            ["Demo:Seed"] = "true",
            ["ConnectionStrings:TeleFhir"] = $"Data Source={Path.Combine(_folder.FullName, "telefhir.db")}",
            ["Search:PageTokenKeyFile"] = Path.Combine(_folder.FullName, "page.key"),
        };

        private async Task<JsonObject> SendAsync(HttpMethod method, string path, string? json)
        {
            var (status, text) = await TrySendAsync(method, path, json);
            Assert.True((int)status is >= 200 and < 300, text);
            return JsonNode.Parse(text)!.AsObject();
        }

        private async Task<(HttpStatusCode Status, string Text)> TrySendAsync(HttpMethod method, string path, string? json)
        {
            _token ??= await TokenAsync();
            using var request = new HttpRequestMessage(method, $"fhir/{path}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/fhir+json");
            using var answer = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        private async Task<string> TokenAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "auth/token")
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["scope"] = "system/*.cruds" }),
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("demo-backend:demo-backend-secret"u8));
            using var answer = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return (await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["access_token"]!.GetValue<string>();
        }
    }
}
