using System.Net;
using System.Text.Json.Nodes;
using Ical.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeleFhir.Api.Scheduling.Calendars;
using TeleFhir.Api.Tests.Smart;
using TeleFhir.Api.Tests.Smart.Bearer;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>What is in a feed, on a server that lets everybody do everything.</summary>
public abstract class CalendarFeedTests(TelehealthHost host)
{
    [Fact]
    public async Task A_feed_follows_the_appointments_and_names_nobody()
    {
        await host.StoreAsync("Practitioner", "cal-lee", "\"active\":true");
        await host.StoreAsync("PractitionerRole", "cal-role", """ "practitioner":{"reference":"Practitioner/cal-lee"} """);
        await host.PatientAsync("cal-lee");
        await host.BookAsync("cal-lee", TimeSpan.FromHours(3));
        await host.BookAsync("cal-gone", TimeSpan.FromHours(5), patient: "cal-lee");
        await host.ChangeAsync("Appointment/cal-gone", one => one["participant"]![1]!["actor"]!["reference"] = "PractitionerRole/cal-role");
        await host.ChangeAsync("Appointment/cal-gone", one => one["status"] = "cancelled");
        var mine = await FeedAsync("Patient/cal-lee");
        var theirs = await FeedAsync("Practitioner/cal-lee");

        var answer = await host.GetAsync(mine);

        Assert.Equal((HttpStatusCode.OK, "text/calendar; charset=utf-8"), (answer.Status, answer.ContentHeaders.ContentType!.ToString()));
        Assert.Equal("no-cache, private", answer.Headers.CacheControl!.ToString());
        Assert.DoesNotContain("Secret", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Patient/", answer.Body, StringComparison.Ordinal);
        var events = Calendar.Load(answer.Body)!.Events.OrderBy(one => one.Start).ToList();
        Assert.Equal(["CONFIRMED", "CANCELLED"], events.Select(one => one.Status));
        Assert.Equal("cal-lee@localhost", events[0].Uid);
        Assert.Equal("Telehealth visit", events[0].Summary);
        Assert.StartsWith("http://localhost/visit/", events[0].Url!.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, Calendar.Load((await host.GetAsync(theirs)).Body)!.Events.Count);

        // Fetched again, it is known; changed, it is not.
        var known = await host.GetAsync(mine, $"If-None-Match: {answer.ETag}");
        Assert.Equal((HttpStatusCode.NotModified, ""), (known.Status, known.Body));
        Assert.Equal(HttpStatusCode.NotModified, (await host.GetAsync(mine, $"If-None-Match: \"x\", W/{answer.ETag}")).Status);
        var head = await host.SendAsync("HEAD", mine);
        Assert.Equal((HttpStatusCode.OK, "", answer.ETag, answer.ContentHeaders.ContentLength), (head.Status, head.Body, head.ETag, head.ContentHeaders.ContentLength));
        await host.BookAsync("cal-lee", TimeSpan.FromHours(8));
        var moved = await host.GetAsync(mine, $"If-None-Match: {answer.ETag}");
        Assert.Equal(HttpStatusCode.OK, moved.Status);
        var event2 = Calendar.Load(moved.Body)!.Events.Single(one => one.Uid == "cal-lee@localhost");
        Assert.True(event2.Sequence > events[0].Sequence);
        Assert.True(event2.Start! > events[0].Start!);

        // What was cancelled stays for thirty days.
        host.Advance(TimeSpan.FromDays(29));
        Assert.Equal(2, Calendar.Load((await host.GetAsync(mine)).Body)!.Events.Count);
        host.Advance(TimeSpan.FromDays(2));
        Assert.Equal("CONFIRMED", Assert.Single(Calendar.Load((await host.GetAsync(mine)).Body)!.Events).Status);
    }

    [Fact]
    public async Task A_feed_ends_when_it_is_replaced_or_revoked()
    {
        await host.PatientAsync("cal-end");
        var first = await FeedAsync("Patient/cal-end");
        var second = await FeedAsync("Patient/cal-end");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), ((await host.GetAsync(first)).Status, (await host.GetAsync(second)).Status));
        Assert.Equal(256 / 6 + 1, second.Split('/')[2].Length - ".ics".Length);
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => FeedAsync("Patient/cal-end")));
        var live = await Task.WhenAll(many.Select(async feed => (await host.GetAsync(feed)).Status));
        Assert.Equal(1, live.Count(status => status == HttpStatusCode.OK));

        var revoked = await host.PostAsync("/fhir/Patient/cal-end/$revoke-calendar-feed", """{"resourceType":"Parameters"}""");
        Assert.Equal(1, revoked.Json["parameter"]![0]!["valueUnsignedInt"]!.GetValue<int>());
        Assert.All(await Task.WhenAll(many.Select(async feed => (await host.GetAsync(feed)).Status)), status => Assert.Equal(HttpStatusCode.NotFound, status));
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/calendar/x.ics")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/calendar/.ics")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.PostAsync("/fhir/Patient/cal-nobody/$calendar-feed", """{"resourceType":"Parameters"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync("/fhir/Patient/cal-end/$calendar-feed?for=ever", """{"resourceType":"Parameters"}""")).Status);
    }

    private async Task<string> FeedAsync(string subject)
    {
        var answer = await host.PostAsync($"/fhir/{subject}/$calendar-feed", "");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var url = answer.Json["parameter"]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == "url")!["valueUrl"]!.GetValue<string>();
        Assert.StartsWith("http://localhost/calendar/", url, StringComparison.Ordinal);
        return new Uri(url).AbsolutePath;
    }
}

/// <inheritdoc />
public sealed class SqliteCalendarFeedTests(SqliteDeskHost host) : CalendarFeedTests(host), IClassFixture<SqliteDeskHost>;

/// <inheritdoc />
public sealed class PostgreSqlCalendarFeedTests(PostgreSqlDeskHost host) : CalendarFeedTests(host), IClassFixture<PostgreSqlDeskHost>;

/// <summary>Who is given a feed, what it shows them, and where its secret is not.</summary>
public sealed class CalendarAccessTests : IAsyncLifetime
{
    private readonly IssuerProcess _issuer = new();
    private readonly RecordedTrail _trail = new();
    private readonly RecordedLog _log = new();
    private TelehealthHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await _issuer.InitializeAsync();
        _host = await TelehealthHost.StartAsync(builder =>
        {
            builder.UseSetting("Auth:Mode", "External").UseSetting("Auth:Issuers:0:Authority", _issuer.Address);
            builder.ConfigureLogging(logging => logging.AddProvider(_log));
            builder.ConfigureServices(services => services.AddSingleton<IAuditTrail>(_trail));
        });
        var backend = await TokenAsync("system/*.cruds");
        foreach (var json in (string[])
        [
            """{"resourceType":"Patient","id":"amy"}""",
            """{"resourceType":"Patient","id":"ben"}""",
            """{"resourceType":"Practitioner","id":"lee"}""",
            """{"resourceType":"Appointment","id":"open","status":"booked","start":"2100-01-01T09:00:00Z","end":"2100-01-01T09:30:00Z","participant":[{"actor":{"reference":"Patient/amy"},"status":"accepted"}]}""",
        ])
        {
            var resource = JsonNode.Parse(json)!;
            var answer = await _host.PutAsync($"/fhir/{resource["resourceType"]}/{resource["id"]}", json, backend);
            Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
        }

        // More confidential than its patient's app may see.
        var closed = System.Text.Encoding.UTF8.GetBytes("""
            {"resourceType":"Appointment","id":"closed","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]},
             "status":"booked","start":"2100-01-02T09:00:00Z","end":"2100-01-02T09:30:00Z","participant":[{"actor":{"reference":"Patient/amy"},"status":"accepted"}]}
            """);
        await _host.Services.GetRequiredService<IResourceStore>().CommitAsync(
            Caller.System("test"),
            ChangeSet.Of(new PutChange(new ResourceKey("Appointment", "closed"), new ResourceContent(FhirJson.Parse(closed), closed))),
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Theory]
    [InlineData("patient/Appointment.rs", "Patient/amy", "amy", "Patient/amy", HttpStatusCode.OK)]
    [InlineData("patient/Appointment.rs", "Patient/amy", "amy", "Patient/ben", HttpStatusCode.Forbidden)]
    [InlineData("patient/Appointment.rs", "Patient/amy", "amy", "Patient/none", HttpStatusCode.Forbidden)]
    [InlineData("patient/Appointment.rs", "Patient/amy", "amy", "Practitioner/lee", HttpStatusCode.Forbidden)]
    [InlineData("patient/Observation.rs", "Patient/amy", "amy", "Patient/amy", HttpStatusCode.Forbidden)]
    [InlineData("patient/Appointment.r", "Patient/amy", "amy", "Patient/amy", HttpStatusCode.Forbidden)]
    [InlineData("user/Appointment.rs", "Practitioner/lee", null, "Practitioner/lee", HttpStatusCode.OK)]
    [InlineData("user/Appointment.rs", "Practitioner/lee", null, "Practitioner/oko", HttpStatusCode.Forbidden)]
    [InlineData("user/Appointment.rs", "Practitioner/lee", null, "Patient/amy", HttpStatusCode.Forbidden)]
    [InlineData("patient/Appointment.rs user/Appointment.rs", "Practitioner/lee", "amy", "Patient/amy", HttpStatusCode.Forbidden)]
    [InlineData("system/Appointment.rs system/Patient.rs", null, null, "Patient/amy", HttpStatusCode.OK)]
    [InlineData("system/Appointment.rs system/Patient.rs", null, null, "Patient/none", HttpStatusCode.NotFound)]
    [InlineData("system/Patient.rs", null, null, "Patient/amy", HttpStatusCode.Forbidden)]
    public async Task A_feed_is_for_whose_calendar_it_is_and_for_backends(string scopes, string? user, string? patient, string subject, HttpStatusCode expected)
    {
        foreach (var operation in (string[])["calendar-feed", "revoke-calendar-feed"])
        {
            Assert.Equal(expected, (await _host.PostAsync($"/fhir/{subject}/${operation}", "", await TokenAsync(scopes, user, patient))).Status);
        }
    }

    [Fact]
    public async Task A_feed_shows_what_its_owner_may_see_and_its_secret_is_nowhere()
    {
        var answer = await _host.PostAsync("/fhir/Patient/amy/$calendar-feed", "", await TokenAsync("patient/Appointment.rs", "Patient/amy", "amy"));
        var path = new Uri(answer.Json["parameter"]![0]!["valueUrl"]!.GetValue<string>()).AbsolutePath;
        var secret = path.Split('/')[^1][..^".ics".Length];
        _trail.Entries.Clear();

        var file = await _host.GetAsync(path);
        await _host.GetAsync($"/calendar/{secret}x.ics");
        await _host.SendAsync("POST", path);

        Assert.Contains("UID:open@", file.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("UID:closed@", file.Body, StringComparison.Ordinal);
        var entry = Assert.Single(_trail.Entries);
        Assert.Equal(("$calendar", 200, "Patient/amy"), (entry.Event, entry.Status, entry.FhirUser));
        Assert.Equal("Appointment/open", Assert.Single(entry.Touched).Key.ToString().Split("/_history")[0]);
        Assert.DoesNotContain(secret, entry.ToString(), StringComparison.Ordinal);
        Assert.Contains(_log.Lines, line => line.Contains("GET /calendar/{secret}.ics 200", StringComparison.Ordinal));

        // Lines of the framework for debugging hold paths; they are off by the settings that come with the server.
        Assert.DoesNotContain(_log.Lines, line => !line.StartsWith("Debug", StringComparison.Ordinal) && !line.StartsWith("Trace", StringComparison.Ordinal) && line.Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(secret, (await _host.GetAsync("/metrics")).Body, StringComparison.Ordinal);
        var file2 = new FileInfo(_host.Database["Data Source=".Length..]);
        foreach (var part in file2.Directory!.EnumerateFiles(file2.Name + "*"))
        {
            await using var stream = new FileStream(part.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(secret, await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_feed_ends_with_the_access_of_its_owner()
    {
        var answer = await _host.PostAsync("/fhir/Practitioner/lee/$calendar-feed", "", await TokenAsync("user/Appointment.rs", "Practitioner/lee"));
        var path = new Uri(answer.Json["parameter"]![0]!["valueUrl"]!.GetValue<string>()).AbsolutePath;
        Assert.Equal(HttpStatusCode.OK, (await _host.GetAsync(path)).Status);

        await _host.Services.GetRequiredService<IRevocations>().AddAsync(RevokedKind.User, $"{_issuer.Address}#u-Practitioner-lee", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, (await _host.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Who_fetches_too_often_waits()
    {
        var served = 0;
        using var limits = new CalendarLimits(_ =>
        {
            served++;
            return Task.CompletedTask;
        });
        async Task<int> FetchAsync(string path)
        {
            var context = new DefaultHttpContext();
            context.Request.Path = path;
            context.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.7");
            await limits.InvokeAsync(context);
            Assert.Equal(context.Response.StatusCode == 429, context.Response.Headers.RetryAfter.Count == 1);
            return context.Response.StatusCode;
        }

        for (var times = 0; times < 30; times++)
        {
            Assert.Equal(200, await FetchAsync("/calendar/a.ics"));
        }

        Assert.Equal((429, 200, 31), (await FetchAsync("/calendar/a.ics"), await FetchAsync("/calendar/b.ics"), served));
    }

    private async Task<string> TokenAsync(string scopes, string? user = null, string? patient = null) => "Authorization: Bearer " + await _issuer.MintAsync(
        scopes: scopes, subject: user is null ? null : $"u-{user.Replace('/', '-')}", patient: patient, fhirUser: user);
}
