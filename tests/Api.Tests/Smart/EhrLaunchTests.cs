using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>An application that is opened from within, about a patient.</summary>
public sealed class EhrLaunchTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private const string Scopes = "launch openid fhirUser offline_access patient/Patient.rs";

    private TelehealthHost Host => fixture.Server;

    [Fact]
    public async Task The_application_is_opened_with_the_base_and_a_launch_and_gets_the_context()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        var opened = await app.GetAsync("/auth/launch?client_id=demo-app&patient=demo-amy&intent=review");
        var query = QueryHelpers.ParseQuery(opened.Headers.Location!.Query);

        Assert.Equal(HttpStatusCode.Redirect, opened.StatusCode);
        Assert.StartsWith("http://localhost:5080/app/launch?", opened.Headers.Location.OriginalString, StringComparison.Ordinal);
        Assert.Equal(SmartApp.FhirBase, query["iss"].ToString());
        var answer = await app.LaunchAsync(Scopes, patient: null, changes: ("launch", query["launch"].ToString()));
        Assert.Equal("demo-amy", SmartApp.Text(answer, "patient"));
        Assert.Equal("review", SmartApp.Text(answer, "intent"));
        Assert.Contains("patient/Patient.rs", SmartApp.ScopesOf(answer));
        Assert.NotNull(answer.Json["need_patient_banner"]);
    }

    [Fact]
    public async Task A_launch_works_once()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        await app.LaunchAsync(Scopes, changes: ("launch", launch));

        var again = SmartApp.Returned(await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch))));

        Assert.Equal("invalid_request", again["error"]);
    }

    [Fact]
    public async Task Two_decisions_on_one_launch_give_one_code()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        var first = await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch)));
        var second = await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch)));

        Assert.Contains("code", SmartApp.Returned(await app.DecideAsync(first)).Keys);
        Assert.Contains("error", SmartApp.Returned(await app.DecideAsync(second)).Keys);
    }

    [Fact]
    public async Task Another_user_cannot_take_it_over()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        var other = new SmartApp(Host);
        await other.SignInAsync("patient");

        var answer = SmartApp.Returned(await other.DecideAsync(await other.AuthorizeAsync(other.Request(Scopes, ("launch", launch)))));

        Assert.Equal("access_denied", answer["error"]);
    }

    [Fact]
    public async Task The_scope_launch_needs_a_launch()
    {
        var app = new SmartApp(Host);

        Assert.Equal("invalid_request", SmartApp.Returned(await app.AuthorizeAsync(app.Request(Scopes)))["error"]);
    }

    [Theory]
    [InlineData("patient", "demo-app", "demo-ben", null, HttpStatusCode.Forbidden)]
    [InlineData("patient", "demo-app", null, null, HttpStatusCode.Forbidden)]
    [InlineData("patient", "demo-app", "demo-amy", null, HttpStatusCode.Created)]
    [InlineData("admin", "demo-app", "demo-amy", null, HttpStatusCode.Forbidden)]
    [InlineData("clinician", "demo-app", "nobody", null, HttpStatusCode.Forbidden)]
    [InlineData("clinician", "demo-app", "../x", null, HttpStatusCode.Forbidden)]
    [InlineData("clinician", "demo-app", "demo-amy", "nothing", HttpStatusCode.Forbidden)]
    [InlineData("clinician", "demo-backend", "demo-amy", null, HttpStatusCode.BadRequest)]
    [InlineData("clinician", "nobody", "demo-amy", null, HttpStatusCode.BadRequest)]
    [InlineData("clinician", "demo-app", "demo-amy", null, HttpStatusCode.Created)]
    public async Task Who_may_launch_for_whom(string user, string client, string? patient, string? encounter, HttpStatusCode status)
    {
        var app = new SmartApp(Host);
        await app.SignInAsync(user);

        Assert.Equal(status, (await PostAsync(app, new { client_id = client, patient, encounter })).StatusCode);
    }

    [Fact]
    public async Task Nobody_launches_without_a_session()
    {
        var app = new SmartApp(Host);

        var opened = await app.GetAsync("/auth/launch?client_id=demo-app&patient=demo-amy");

        Assert.StartsWith("/auth/login?returnUrl=", opened.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(app, new { client_id = "demo-app" })).StatusCode);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"client_id\":1}")]
    [InlineData("nonsense")]
    public async Task An_odd_body_is_refused(string body)
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var message = new HttpRequestMessage(HttpMethod.Post, "/auth/launch") { Content = content };
        message.Headers.Add("Cookie", app.Cookie);

        Assert.Equal(HttpStatusCode.BadRequest, (await app.Http.SendAsync(message, TestContext.Current.CancellationToken)).StatusCode);
    }

    private static async Task<string> LaunchAsync(SmartApp app)
    {
        await app.SignInAsync("clinician");
        var answer = await Answer.OfAsync(await PostAsync(app, new { client_id = "demo-app", patient = "demo-amy" }));
        Assert.Equal(SmartApp.FhirBase, SmartApp.Text(answer, "iss"));
        return SmartApp.Text(answer, "launch");
    }

    private static async Task<HttpResponseMessage> PostAsync(SmartApp app, object body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/auth/launch") { Content = JsonContent.Create(body) };
        if (app.Cookie is not null)
        {
            message.Headers.Add("Cookie", app.Cookie);
        }

        return await app.Http.SendAsync(message, TestContext.Current.CancellationToken);
    }
}
