using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

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
    public async Task A_launch_is_256_random_bits_that_the_database_keeps_the_hash_of_for_five_minutes()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch)));

        Assert.Equal(32, Base64Url.DecodeFromChars(launch).Length);
        Assert.NotEqual(launch, await LaunchAsync(app));
        var row = Assert.Single(await RowsAsync("launch"), row => row["hash"] == Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(launch))));
        Assert.Equal(("demo-app", app.User.Id), (row["client_id"], row["user_id"]));
        var now = Host.Services.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks;
        Assert.InRange(long.Parse(row["expires"], CultureInfo.InvariantCulture) - now, 0, TimeSpan.TicksPerMinute * 5);

        // Nor does the request that waits for the person hold it.
        Assert.NotEmpty(await RowsAsync("interaction"));
        foreach (var table in (string[])["launch", "interaction", "oauth_token", "audit_log"])
        {
            Assert.DoesNotContain(await RowsAsync(table), row => row.Values.Any(value => value.Contains(launch, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Another_client_cannot_use_it()
    {
        await Host.Services.GetRequiredService<IClients>().AddAsync(
            new("launch-thief", "Another app", ClientKind.Public)
            {
                RedirectUris = [SmartApp.Redirect],
                InitiateLoginUri = "http://localhost:3000/launch",
                Scopes = [.. Scopes.Split(' ')],
            },
            TestContext.Current.CancellationToken);
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        var thief = new SmartApp(Host, "launch-thief");
        await thief.SignInAsync("clinician");

        Assert.Equal("invalid_request", SmartApp.Returned(await thief.AuthorizeAsync(thief.Request(Scopes, ("launch", launch))))["error"]);
        await app.LaunchAsync(Scopes, changes: ("launch", launch));
    }

    [Fact]
    public async Task Another_session_of_the_same_user_cannot_use_it()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        var first = app.SessionId;
        var asked = await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch)));
        await app.SignInAsync("clinician");

        Assert.NotEqual(first, app.SessionId);
        Assert.Equal("access_denied", SmartApp.Returned(await app.DecideAsync(asked))["error"]);
    }

    [Fact]
    public async Task A_request_that_has_the_user_sign_in_again_may_use_it_in_the_new_session()
    {
        var app = new SmartApp(Host);
        var launch = await LaunchAsync(app);
        var asked = await app.AuthorizeAsync(app.Request(Scopes, ("launch", launch), ("prompt", "login")));
        await app.SignInAsync("clinician");

        Assert.Contains("code", SmartApp.Returned(await app.DecideAsync(asked)).Keys);
    }

    [Fact]
    public async Task A_server_of_another_base_cannot_use_it()
    {
        var folder = Directory.CreateTempSubdirectory("telefhir-launch-");
        try
        {
            var database = ("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(folder.FullName, "launch.db")}");
            await using var here = await SmartHost.StartAsync(database);
            await using var there = await SmartHost.StartAsync(database, ("Fhir:PublicBaseUrl", "http://localhost:8080/fhir"));
            var (app, other) = (new SmartApp(here), new SmartApp(there));
            var launch = await LaunchAsync(app);
            await other.SignInAsync("clinician");

            var refused = await other.AuthorizeAsync(other.Request(Scopes, ("launch", launch), ("aud", "http://localhost:8080/fhir")));

            Assert.Equal("invalid_request", SmartApp.Returned(refused)["error"]);
            await app.LaunchAsync(Scopes, changes: ("launch", launch));
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("GET", """[{"reference":"ImagingStudy/123"}]""")]
    [InlineData("POST", """
        [{"reference":"ImagingStudy/123"},{"reference":"Patient/demo-ben","role":"https://example.org/role/sibling"},
         {"canonical":"http://example.org/Questionnaire/intake|1.0","type":"Questionnaire"},{"identifier":{"system":"urn:x","value":"7"},"type":"ServiceRequest"}]
        """)]
    public async Task What_a_launch_tells_is_in_the_answer_after_a_refresh_and_in_introspection_and_never_in_the_scope(string method, string context)
    {
        const string Wider = $"{Scopes} patient/Encounter.rs";
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        var launch = method == "POST"
            ? SmartApp.Text(
                await Answer.OfAsync(await PostAsync(app, new
                {
                    client_id = "demo-app",
                    patient = "demo-amy",
                    encounter = "demo-amy-visit",
                    intent = "review",
                    tenant = "north",
                    fhirContext = JsonNode.Parse(context),
                })),
                "launch")
            : QueryHelpers.ParseQuery((await app.GetAsync(QueryHelpers.AddQueryString(
                "/auth/launch?client_id=demo-app&patient=demo-amy&encounter=demo-amy-visit&intent=review&tenant=north", "fhirContext", context)))
                .Headers.Location!.Query)["launch"].ToString();

        var tokens = await app.LaunchAsync(Wider, patient: null, changes: ("launch", launch));
        var refreshed = await app.RefreshAsync(SmartApp.Text(tokens, "refresh_token"));
        var twice = await app.RefreshAsync(SmartApp.Text(refreshed, "refresh_token"));
        var introspected = await new SmartApp(Host, "demo-backend", "demo-backend-secret")
            .PostAsync("/auth/introspect", [("token", SmartApp.Text(twice, "access_token"))]);

        foreach (var answer in (Answer[])[tokens, refreshed, twice, introspected])
        {
            Assert.Equal(
                ("demo-amy", "demo-amy-visit", "review", "north"),
                (SmartApp.Text(answer, "patient"), SmartApp.Text(answer, "encounter"), SmartApp.Text(answer, "intent"), SmartApp.Text(answer, "tenant")));
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(context), answer.Json["fhirContext"]), answer.Body);
            Assert.Equal([.. Wider.Split(' ').Order(StringComparer.Ordinal)], SmartApp.ScopesOf(answer));
        }

        foreach (var read in (string[])["/fhir/Patient/demo-amy", "/fhir/Encounter/demo-amy-visit"])
        {
            Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync(read, SmartApp.Text(tokens, "access_token"))).Status);
            Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync(read, SmartApp.Text(twice, "access_token"))).Status);
        }

        // To be named opens nothing.
        Assert.Equal(HttpStatusCode.NotFound, (await app.ReadAsync("/fhir/Patient/demo-ben", SmartApp.Text(tokens, "access_token"))).Status);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"ImagingStudy/1\"")]
    [InlineData("""["ImagingStudy/1"]""")]
    [InlineData("[{}]")]
    [InlineData("""[{"role":"launch"}]""")]
    [InlineData("""[{"reference":"http://elsewhere/fhir/ImagingStudy/1"}]""")]
    [InlineData("""[{"reference":"Nothing/1"}]""")]
    [InlineData("""[{"reference":"ImagingStudy/1","role":""}]""")]
    [InlineData("""[{"reference":"ImagingStudy/1","type":"Observation"}]""")]
    [InlineData("""[{"reference":"ImagingStudy/1","more":true}]""")]
    [InlineData("""[{"reference":"Patient/demo-ben"}]""")]
    [InlineData("""[{"reference":"Patient/demo-ben","role":"launch"}]""")]
    [InlineData("""[{"reference":"Encounter/demo-ben-visit"}]""")]
    [InlineData("""[{"identifier":{"value":"7"},"type":"Patient"}]""")]
    [InlineData("""[{"identifier":"7"}]""")]
    [InlineData("""[{"identifier":{}}]""")]
    [InlineData("""[{"canonical":"urn:uuid:1"}]""")]
    [InlineData("""[{"canonical":"http://example.org/nothing"}]""")]
    public async Task A_context_that_an_application_could_misread_is_refused(string context)
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");

        var refused = await Answer.OfAsync(await PostAsync(app, new { client_id = "demo-app", patient = "demo-amy", fhirContext = JsonNode.Parse(context) }));

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (refused.Status, SmartApp.Text(refused, "error")));
    }

    [Fact]
    public async Task A_tenant_or_a_context_of_a_length_that_nobody_needs_is_refused()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        object[] context = [.. Enumerable.Range(0, 21).Select(number => new { reference = $"ImagingStudy/{number}" })];

        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(app, new { client_id = "demo-app", tenant = new string('x', 201) })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(app, new { client_id = "demo-app", tenant = 7 })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(app, new { client_id = "demo-app", fhirContext = context })).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(app, new { client_id = "demo-app", fhirContext = context[..20] })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/auth/launch?client_id=demo-app&fhirContext=[")).StatusCode);
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

    /// <summary>Every row of a table as the database has it, each value as text.</summary>
    private async Task<List<Dictionary<string, string>>> RowsAsync(string table)
    {
        await using var connection = new SqliteConnection(Host.Services.GetRequiredService<TeleFhirOptions>().ConnectionStrings.TeleFhir);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM \"{table}\"";
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<Dictionary<string, string>>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, column => reader.GetValue(column) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{reader.GetValue(column)}"));
        }

        return rows;
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
