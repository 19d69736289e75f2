using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Scheduling.Reminders;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Reminders, from booking to what arrives. Each test has a patient of its own and books relative to the time that it is by then.</summary>
public abstract class ReminderTests(TelehealthHost host)
{
    private static readonly TimeSpan _moment = TimeSpan.FromMinutes(2);

    private DeskSinks Sinks => ((IDeskHost)host).Sinks;

    [Fact]
    public async Task A_patient_is_reminded_of_a_booked_visit()
    {
        await host.PatientAsync("rem-amy", "amy@example.org");
        var page = (await host.BookAsync("rem-amy", TimeSpan.FromDays(2))).Body;
        Assert.Equal(["Waiting", "Waiting", "Waiting", "Waiting"], await StatesAsync("rem-amy"));

        await AdvanceAsync(TimeSpan.FromDays(1) + _moment);
        await UntilAsync("rem-amy", "Sent", "Sent", "Waiting", "Waiting");

        var mail = Assert.Single(Sinks.Mail.Messages, message => message.Contains("amy@example.org", StringComparison.Ordinal));
        var sent = (await RemindersAsync("rem-amy")).Where(one => one.State == ReminderState.Sent).ToDictionary(one => one.Reminder.Channel, one => one.Reminder);
        Assert.Contains($"{sent["mail"].Id}@localhost", mail, StringComparison.Ordinal);
        Assert.Contains("Subject: Your appointment", mail, StringComparison.Ordinal);
        Assert.Contains("(America/New_York)", mail, StringComparison.Ordinal);
        var hook = Assert.Single(Sinks.Webhook.Received, one => one["appointment"]!.GetValue<string>() == "Appointment/rem-amy");
        Assert.Equal((sent["webhook"].Id, "Patient/rem-amy"), (hook["id"]!.GetValue<string>(), hook["recipient"]!.GetValue<string>()));
        var url = hook["url"]!.GetValue<string>();
        Assert.StartsWith("http://localhost/visit/", url, StringComparison.Ordinal);
        Assert.Contains(url, page, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", mail + hook, StringComparison.Ordinal);

        await AdvanceAsync(TimeSpan.FromHours(23.5));
        await UntilAsync("rem-amy", "Sent", "Sent", "Sent", "Sent");
    }

    [Fact]
    public async Task Who_books_late_or_cancels_is_not_reminded()
    {
        await host.PatientAsync("rem-late", "late@example.org");
        await host.BookAsync("rem-late", TimeSpan.FromMinutes(20));
        Assert.Empty(await StatesAsync("rem-late"));
        await host.PatientAsync("rem-off", "off@example.org");
        await host.BookAsync("rem-off", TimeSpan.FromHours(3));
        Assert.Equal(["Waiting", "Waiting"], await StatesAsync("rem-off"));

        await host.ChangeAsync("Appointment/rem-off", appointment => appointment["status"] = "cancelled");

        Assert.Empty(await StatesAsync("rem-off"));
        await AdvanceAsync(TimeSpan.FromHours(2.6));
        Assert.DoesNotContain(Sinks.Mail.Messages, message => message.Contains("off@example.org", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_is_moved_is_reminded_of_the_new_time()
    {
        await host.PatientAsync("rem-move", "move@example.org");
        await host.BookAsync("rem-move", TimeSpan.FromHours(3));
        var before = await RemindersAsync("rem-move");
        await host.ChangeAsync("Appointment/rem-move", appointment => appointment["comment"] = "The same time.");
        Assert.Equal(before.Select(one => one.Reminder.Id), (await RemindersAsync("rem-move")).Select(one => one.Reminder.Id));

        await host.BookAsync("rem-move", TimeSpan.FromHours(6));

        var after = await RemindersAsync("rem-move");
        Assert.Empty(before.Select(one => one.Reminder.Id).Intersect(after.Select(one => one.Reminder.Id)));
        await AdvanceAsync(TimeSpan.FromHours(3));
        Assert.Equal(["Waiting", "Waiting"], await StatesAsync("rem-move"));
        await AdvanceAsync(TimeSpan.FromHours(2.6));
        await UntilAsync("rem-move", "Sent", "Sent");
    }

    [Fact]
    public async Task What_cannot_be_sent_is_tried_again_and_given_up_when_it_is_too_late()
    {
        await host.PatientAsync("rem-try", "try@example.org");
        await host.PatientAsync("rem-none");
        await host.BookAsync("rem-try", TimeSpan.FromHours(1));
        await host.BookAsync("rem-none", TimeSpan.FromHours(1));
        (Sinks.Mail.IsBusy, Sinks.Webhook.Status) = (true, 302);
        try
        {
            await AdvanceAsync(TimeSpan.FromMinutes(31));
            await UntilAsync("rem-none", "Skipped", "Waiting");
            await Eventually.TrueAsync(async () => (await RemindersAsync("rem-try")).All(one => one.Note.Length > 0));
            var waiting = await RemindersAsync("rem-try");
            Assert.Equal(["mail SmtpCommandException", "webhook HttpRequestException"], waiting.Select(one => $"{one.Reminder.Channel} {one.Note}").Order(StringComparer.Ordinal));

            Sinks.Webhook.Status = 204;
            await AdvanceAsync(TimeSpan.FromMinutes(20));
            await UntilAsync("rem-try", "Sent", "Waiting");
            var hook = Assert.Single(Sinks.Webhook.Received, one => one["appointment"]!.GetValue<string>() == "Appointment/rem-try");
            Assert.Contains(waiting, one => one.Reminder.Id == hook["id"]!.GetValue<string>());
            await AdvanceAsync(TimeSpan.FromMinutes(7));
            for (var tries = 0; tries < 4; tries++)
            {
                await AdvanceAsync(TimeSpan.FromMinutes(0.4));
            }

            await UntilAsync("rem-try", "GivenUp", "Sent");
        }
        finally
        {
            (Sinks.Mail.IsBusy, Sinks.Webhook.Status) = (false, 204);
        }

        var log = string.Join('\n', Sinks.Log.Lines);
        Assert.Contains("was given up after", log, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody@example.org", log, StringComparison.Ordinal);
        var metrics = (await host.GetAsync("/metrics")).Body;
        Assert.Matches("""telefhir_reminders_total\{[^}]*channel="mail"[^}]*result="given-up"[^}]*\} [1-9]""", metrics);
    }

    [Fact]
    public async Task Of_two_servers_and_many_looks_one_sends()
    {
        var options = host.Services.GetRequiredService<TeleFhirOptions>();
        await using var second = await TelehealthHost.StartAsync(builder =>
        {
            Sinks.Set(builder);
            builder.UseSetting("Database:Provider", options.Database.Provider).UseSetting("ConnectionStrings:TeleFhir", options.ConnectionStrings.TeleFhir);
        });
        second.Advance(host.Now() - second.Now());
        var ids = Enumerable.Range(0, 20).Select(n => $"rem-many-{n}").ToList();
        foreach (var id in ids)
        {
            await host.PatientAsync(id, $"{id}@example.org");
            await host.BookAsync(id, TimeSpan.FromHours(1));
        }

        second.Advance(TimeSpan.FromMinutes(32));
        host.Advance(TimeSpan.FromMinutes(32));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => RunAsync(n % 2 == 0 ? host : second)));
        foreach (var id in ids)
        {
            await UntilAsync(id, "Sent", "Sent");
        }

        var received = Sinks.Webhook.Received.Select(one => one["appointment"]!.GetValue<string>()).Where(name => name.StartsWith("Appointment/rem-many", StringComparison.Ordinal)).ToList();
        Assert.Equal((20, 20), (received.Count, received.Distinct().Count()));
        Assert.Equal(20, Sinks.Mail.Messages.Count(message => message.Contains("rem-many-", StringComparison.Ordinal)));
    }

    private static Task RunAsync(TelehealthHost server) => server.Services.GetRequiredService<ReminderDelivery>().RunAsync(TestContext.Current.CancellationToken);

    private async Task AdvanceAsync(TimeSpan by)
    {
        host.Advance(by);
        await RunAsync(host);
    }

    private Task<IReadOnlyList<(Reminder Reminder, ReminderState State, int Attempts, string Note)>> RemindersAsync(string appointment) =>
        host.Services.GetRequiredService<IReminders>().OfAsync(appointment, TestContext.Current.CancellationToken);

    private async Task<List<string>> StatesAsync(string appointment) => [.. (await RemindersAsync(appointment)).Select(one => one.State.ToString())];

    /// <summary>The server's own job may have taken what the test's would have: it is waited for.</summary>
    private Task UntilAsync(string appointment, params string[] expected) => Eventually.TrueAsync(
        async () => (await StatesAsync(appointment)).Order(StringComparer.Ordinal).SequenceEqual(expected.Order(StringComparer.Ordinal)));
}

/// <inheritdoc />
public sealed class SqliteReminderTests(SqliteDeskHost host) : ReminderTests(host), IClassFixture<SqliteDeskHost>;

/// <inheritdoc />
public sealed class PostgreSqlReminderTests(PostgreSqlDeskHost host) : ReminderTests(host), IClassFixture<PostgreSqlDeskHost>;

/// <summary>What is said at the start, and where webhooks do not go.</summary>
public sealed class ReminderOptionsTests
{
    [Theory]
    [InlineData("http://clinic.example.org/hook", null, false)]
    [InlineData("https://clinic.example.org/hook", null, true)]
    [InlineData("http://10.0.0.1:8080/hook", "http://10.0.0.1:8080/", true)]
    [InlineData("http://10.0.0.1:80801/hook", "http://10.0.0.1:8080/", false)]
    [InlineData("http://10.0.0.1.example.org/hook", "http://10.0.0.1", false)]
    [InlineData("file:///hook", "file:///", true)]
    public void A_webhook_is_https_or_allowed(string url, string? allowed, bool isRight)
    {
        var options = new ReminderOptions { Channels = ["webhook"], AllowedCallbacks = allowed is null ? [] : [allowed] };
        options.Webhook.Url = url;
        options.Webhook.Secret = WebhookSink.Secret;

        Assert.Equal(isRight && url.StartsWith("http", StringComparison.Ordinal), !options.Faults().Any());
    }

    [Fact]
    public void Wrong_settings_are_told()
    {
        Assert.Empty(new ReminderOptions().Faults());
        Assert.Equal(ReminderSettings.Default, new ReminderOptions().Settings with { Before = ReminderSettings.Default.Before, Channels = ReminderSettings.Default.Channels });
        Assert.Empty(new ReminderOptions { Channels = ["none"] }.Settings.Channels);
        Assert.Single(new ReminderOptions { Before = [TimeSpan.Zero] }.Faults());
        Assert.Single(new ReminderOptions { Channels = ["sms"] }.Faults());
        Assert.Single(new ReminderOptions { Channels = ["mail"] }.Faults());
        Assert.Equal(2, new ReminderOptions { Channels = ["webhook"] }.Faults().Count());
        var open = new ReminderOptions { Channels = ["mail"] };
        (open.Mail.Host, open.Mail.From, open.Mail.Security, open.Mail.Password) = ("mail", "clinic@example.org", "None", "x");
        Assert.Single(open.Faults());
    }

    [Fact]
    public async Task A_webhook_does_not_lead_inside()
    {
        await using var sinks = new DeskSinks();
        await sinks.StartAsync();
        await using var host = await TelehealthHost.StartAsync(builder =>
        {
            sinks.Set(builder);
            var inside = sinks.Webhook.Origin.Replace("http://", "https://", StringComparison.Ordinal);
            builder.UseSetting("Reminders:Webhook:Url", $"{inside}/hook").UseSetting("Reminders:Channels:0", "webhook");
            builder.UseSetting("Subscriptions:AllowedCallbacks:0", "https://elsewhere.example.org");
        });
        await host.PatientAsync("rem-inside");
        await host.BookAsync("rem-inside", TimeSpan.FromHours(1));
        host.Advance(TimeSpan.FromMinutes(32));

        var delivery = host.Services.GetRequiredService<ReminderDelivery>();
        await delivery.RunAsync(TestContext.Current.CancellationToken);

        var reminder = Assert.Single(await host.Services.GetRequiredService<IReminders>().OfAsync("rem-inside", TestContext.Current.CancellationToken));
        Assert.Equal((ReminderState.Waiting, "HttpRequestException", 0), (reminder.State, reminder.Note, sinks.Webhook.Connections));
    }
}
