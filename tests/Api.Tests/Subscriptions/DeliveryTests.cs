using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Tests.Scheduling;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;
using static TeleFhir.Api.Tests.Subscriptions.SubscriptionSteps;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>Notifications by rest-hook, from what happens to what arrives. Each test has a patient and a path of its own.</summary>
public abstract class DeliveryTests(TelehealthHost host)
{
    private const string Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    private HookSink Sink => ((ISubscriptionHost)host).Sink;

    [Fact]
    public async Task A_handshake_comes_first_and_then_events_in_order_with_nothing_but_a_reference()
    {
        var subscription = Subscription("order", $"{Topics}appointment-booked", $"{Sink.Origin}/order", "Appointment?patient=Patient/order");
        subscription["channel"]!["header"] = new JsonArray("Authorization: Bearer tell-nobody");
        subscription["channel"]!["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = "https://telefhir.dev/fhir/StructureDefinition/subscription-secret",
            ["valueString"] = Secret,
        });
        await host.SubscribeAsync(subscription);
        var ids = Enumerable.Range(0, 8).Select(n => $"order-{n}").ToList();
        foreach (var (id, n) in ids.Select((id, n) => (id, n)))
        {
            await host.BookAsync(id, TimeSpan.FromHours(2 + n), patient: n == 5 ? "somebody-else" : "order");
        }

        var expected = ids.Where(id => id != "order-5").Select((id, n) => string.Create(CultureInfo.InvariantCulture, $"{n + 1} http://localhost/fhir/Appointment/{id}")).ToList();
        await EventuallyAsync(() => Sink.Events("/order").Count >= expected.Count, "Events are missing.");

        Assert.Equal(expected, Sink.Events("/order"));
        Assert.Equal("handshake", Sink.Of("/order")[0].Type);
        Assert.All(Sink.Of("/order"), hook =>
        {
            Assert.Equal("POST", hook.Method);
            Assert.Equal("Bearer tell-nobody", hook.Headers["Authorization"]);
            Assert.StartsWith("application/fhir+json", hook.Headers["Content-Type"], StringComparison.Ordinal);
            Assert.Equal("history", hook.Bundle["type"]!.GetValue<string>());
            Assert.Equal($"{Topics}appointment-booked", hook.Value("topic"));
            Assert.Equal("http://localhost/fhir/Subscription/order", hook.Value("subscription"));
            Assert.Single(hook.Bundle["entry"]!.AsArray());
            Assert.DoesNotContain("Secret", hook.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("Patient/", hook.Text, StringComparison.Ordinal);
            var signed = HMACSHA256.HashData(
                Convert.FromBase64String(Secret["whsec_".Length..]),
                Encoding.UTF8.GetBytes($"{hook.Headers["webhook-id"]}.{hook.Headers["webhook-timestamp"]}.{hook.Text}"));
            Assert.Equal($"v1,{Convert.ToBase64String(signed)}", hook.Headers["webhook-signature"]);
        });
        Assert.Equal(Sink.Of("/order").Count, Sink.Of("/order").Select(hook => hook.Headers["webhook-id"]).Distinct().Count());

        var everywhere = (await host.GetAsync("/fhir/Subscription/order")).Body + (await host.GetAsync("/fhir/Subscription/order/_history")).Body
            + (await host.GetAsync("/fhir/Subscription?_id=order")).Body + (await host.GetAsync("/fhir/Subscription/order/$status")).Body;
        Assert.DoesNotContain("tell-nobody", everywhere, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec", everywhere, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_content_is_what_was_asked_for()
    {
        foreach (var content in (string[])["empty", "full-resource"])
        {
            await host.SubscribeAsync(Subscription($"content-{content}", "Observation?patient=Patient/content", $"{Sink.Origin}/content-{content}", content: content));
        }

        await host.ObserveAsync("content-1", "content");
        await EventuallyAsync(() => Sink.Events("/content-empty").Count == 1 && Sink.Events("/content-full-resource").Count == 1, "An event is missing.");

        Assert.Equal(["1"], Sink.Events("/content-empty"));
        Assert.DoesNotContain("content-1", Sink.Of("/content-empty")[^1].Text, StringComparison.Ordinal);
        var entry = Sink.Of("/content-full-resource")[^1].Bundle["entry"]![1]!;
        Assert.Equal("http://localhost/fhir/Observation/content-1", entry["fullUrl"]!.GetValue<string>());
        Assert.Equal((await host.GetAsync("/fhir/Observation/content-1")).Json.ToJsonString(), entry["resource"]!.ToJsonString());
        var kept = FhirJson.Parse(Encoding.UTF8.GetBytes(Sink.Of("/content-full-resource")[^1].Text), "Bundle");
        Assert.NotNull(kept);
    }

    [Fact]
    public async Task Criteria_of_R4_are_told_of_creates_and_updates_that_match()
    {
        await host.SubscribeAsync(Subscription("plain", "Observation?patient=Patient/plain&status=final", $"{Sink.Origin}/plain"));
        await host.ObserveAsync("plain-1", "plain");
        await host.ObserveAsync("plain-other", "somebody-else");
        await host.KeepAsync("Observation", "plain-1", """ "status":"amended","code":{"text":"x"},"subject":{"reference":"Patient/plain"} """);
        await host.KeepAsync("Observation", "plain-1", """ "status":"final","code":{"text":"y"},"subject":{"reference":"Patient/plain"} """);
        await host.DeleteAsync("/fhir/Observation/plain-1");
        await host.ObserveAsync("plain-2", "plain");

        await EventuallyAsync(() => Sink.Events("/plain").Count >= 3, "Events are missing.");

        Assert.Equal(["1", "2", "3"], Sink.Events("/plain").Select(one => one.Split(' ')[0]));
        Assert.EndsWith("Observation/plain-2", Sink.Events("/plain")[2], StringComparison.Ordinal);
        Assert.Null(Sink.Of("/plain")[^1].Value("topic"));
    }

    [Fact]
    public async Task A_subscriber_that_was_down_gets_everything_once_and_in_order()
    {
        await host.SubscribeAsync(Subscription("down", "Observation?patient=Patient/down", $"{Sink.Origin}/down"));
        Sink.Answers["/down"] = 500;
        for (var n = 0; n < 25; n++)
        {
            await host.ObserveAsync($"down-{n}", "down");
        }

        await EventuallyAsync(async () => (await RecordAsync("down")) is { Failures: > 0, Last: 25 }, "Nothing has failed.");
        Assert.Empty(Sink.Events("/down"));
        Assert.Contains("answered 500", (await host.GetAsync("/fhir/Subscription/down/$status")).Body, StringComparison.Ordinal);

        Sink.Answers.TryRemove("/down", out _);
        host.Advance(TimeSpan.FromMinutes(1));
        await EventuallyAsync(() => Sink.Events("/down").Count >= 25, "Events are missing.");
        await EventuallyAsync(async () => (await RecordAsync("down")).Delivered == 25, "It is not noted.");
        Assert.Equal(Enumerable.Range(0, 25).Select(n => $"{n + 1} http://localhost/fhir/Observation/down-{n}"), Sink.Events("/down"));
    }

    [Fact]
    public async Task A_slow_subscriber_keeps_nobody_waiting()
    {
        await host.SubscribeAsync(Subscription("slow", "Observation?patient=Patient/slow", $"{Sink.Origin}/slow"));
        await host.SubscribeAsync(Subscription("quick", "Observation?patient=Patient/slow", $"{Sink.Origin}/quick"));
        var gate = Sink.Gates["/slow"] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var n = 0; n < 5; n++)
        {
            await host.ObserveAsync($"slow-{n}", "slow");
        }

        await EventuallyAsync(() => Sink.Events("/quick").Count == 5, "The quick one waits.");
        Assert.Empty(Sink.Events("/slow"));
        gate.SetResult();
        Sink.Gates.TryRemove("/slow", out _);
        host.Advance(TimeSpan.FromMinutes(1));
        await EventuallyAsync(() => Sink.Events("/slow").Distinct().Count() == 5, "The slow one misses something.");
    }

    [Fact]
    public async Task Events_that_were_not_delivered_for_days_wait_until_the_subscription_is_asked_for_anew()
    {
        await host.SubscribeAsync(Subscription("dead", "Observation?patient=Patient/dead", $"{Sink.Origin}/dead"));
        Sink.Answers["/dead"] = 302;
        await host.ObserveAsync("dead-0", "dead");
        await EventuallyAsync(async () => (await RecordAsync("dead")).Failures > 0, "Nothing has failed.");
        host.Advance(TimeSpan.FromDays(4));
        await host.BecomesAsync("dead", "error");
        await host.ObserveAsync("dead-1", "dead");
        await EventuallyAsync(async () => (await RecordAsync("dead")).Last == 2, "Events are not kept.");

        Assert.Contains("answered 302", (await host.GetAsync("/fhir/Subscription/dead")).Json["error"]!.GetValue<string>(), StringComparison.Ordinal);
        var status = (await host.GetAsync("/fhir/Subscription/$status?id=dead&status=error")).Entries[0]!["resource"]!["parameter"]!.AsArray();
        Assert.Contains(status, one => one!["name"]!.GetValue<string>() == "error");
        var events = new Hook("", [], (await host.GetAsync("/fhir/Subscription/dead/$events?eventsSinceNumber=2&eventsUntilNumber=2&content=id-only")).Body);
        Assert.Equal(["2 http://localhost/fhir/Observation/dead-1"], events.Events);
        Assert.Equal(2, new Hook("", [], (await host.GetAsync("/fhir/Subscription/dead/$events")).Body).Events.Count());
        Assert.Empty(Sink.Of("/dead-elsewhere"));

        Sink.Answers.TryRemove("/dead", out _);
        var patched = await host.PatchAsync("/fhir/Subscription/dead", """[{"op":"replace","path":"/status","value":"requested"}]""");
        Assert.Equal(HttpStatusCode.OK, patched.Status);
        await EventuallyAsync(() => Sink.Events("/dead").Count >= 2, "Events are missing.");
        Assert.Equal(["handshake", "handshake", "event-notification", "event-notification"], Sink.Of("/dead").Select(hook => hook.Type));
        Assert.Equal(["1 http://localhost/fhir/Observation/dead-0", "2 http://localhost/fhir/Observation/dead-1"], Sink.Events("/dead"));
        Assert.Null((await host.GetAsync("/fhir/Subscription/dead")).Json["error"]);
    }

    [Fact]
    public async Task A_handshake_that_fails_ends_in_error()
    {
        Sink.Answers["/shy"] = 404;
        Assert.Equal(HttpStatusCode.Created, (await host.PutAsync("/fhir/Subscription/shy", Subscription("shy", "Observation?patient=Patient/shy", $"{Sink.Origin}/shy").ToJsonString())).Status);
        await EventuallyAsync(async () => (await RecordAsync("shy")).Failures > 0, "Nothing has failed.");
        host.Advance(TimeSpan.FromMinutes(2));

        await host.BecomesAsync("shy", "error");
        Assert.Contains("handshake failed", (await host.GetAsync("/fhir/Subscription/shy")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_events_are_one_notification_where_that_is_asked_for_and_silence_is_broken()
    {
        await host.SubscribeAsync(Subscription("many", "Observation?patient=Patient/many", $"{Sink.Origin}/many", maxCount: 4, heartbeat: 3600));
        Sink.Answers["/many"] = 503;
        for (var n = 0; n < 10; n++)
        {
            await host.ObserveAsync($"many-{n}", "many");
        }

        await EventuallyAsync(async () => (await RecordAsync("many")) is { Failures: > 0, Last: 10 }, "Nothing has failed.");
        Sink.Answers.TryRemove("/many", out _);
        host.Advance(TimeSpan.FromMinutes(1));
        await EventuallyAsync(() => Sink.Events("/many").Count == 10, "Events are missing.");
        Assert.Equal([4, 4, 2], Sink.Of("/many").Where(hook => hook.Type == "event-notification").Select(hook => hook.Events.Count()));
        Assert.DoesNotContain(Sink.Of("/many"), hook => hook.Type == "heartbeat");

        host.Advance(TimeSpan.FromHours(2));
        await EventuallyAsync(() => Sink.Of("/many")[^1].Type == "heartbeat", "The silence is not broken.");
        Assert.Equal("10", Sink.Of("/many")[^1].Value("events-since-subscription-start"));
    }

    [Fact]
    public async Task A_subscription_ends_when_its_time_is_over_when_it_is_off_and_when_it_is_deleted()
    {
        var ending = Subscription("ends", "Observation?patient=Patient/ends", $"{Sink.Origin}/ends");
        ending["end"] = (host.Now() + TimeSpan.FromDays(30)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        await host.SubscribeAsync(ending);
        await host.SubscribeAsync(Subscription("off", "Observation?patient=Patient/ends", $"{Sink.Origin}/off"));
        await host.SubscribeAsync(Subscription("gone", "Observation?patient=Patient/ends", $"{Sink.Origin}/gone"));
        await host.SubscribeAsync(Subscription("stays", "Observation?patient=Patient/ends", $"{Sink.Origin}/stays"));
        Assert.Equal(HttpStatusCode.OK, (await host.PutAsync("/fhir/Subscription/off", Subscription("off", "Observation?patient=Patient/ends", $"{Sink.Origin}/off", status: "off").ToJsonString())).Status);
        await host.DeleteAsync("/fhir/Subscription/gone");
        host.Advance(TimeSpan.FromDays(31));
        await host.BecomesAsync("ends", "off");
        await host.ObserveAsync("ends-1", "ends");
        await EventuallyAsync(() => Sink.Events("/stays").Count == 1, "An event is missing.");

        Assert.Empty(Sink.Events("/ends").Concat(Sink.Events("/off")).Concat(Sink.Events("/gone")));
        Assert.Empty(await host.Services.GetRequiredService<ISubscriptions>().EventsAsync("gone", 0, long.MaxValue, 10, TestContext.Current.CancellationToken));

        // Asked for anew, it hears of what comes, and not of what it slept through.
        await host.SubscribeAsync(Subscription("off", "Observation?patient=Patient/ends", $"{Sink.Origin}/off"));
        await host.ObserveAsync("ends-2", "ends");
        await EventuallyAsync(() => Sink.Events("/off").Count == 1, "An event is missing.");
        Assert.Equal(["1 http://localhost/fhir/Observation/ends-2"], Sink.Events("/off"));
    }

    [Fact]
    public async Task A_consent_that_is_deleted_was_revoked()
    {
        await host.SubscribeAsync(Subscription("forgone", $"{Topics}consent-revoked", $"{Sink.Origin}/forgone", "Consent?patient=Patient/forgone", content: "full-resource"));
        foreach (var patient in (string[])["forgone", "somebody-else"])
        {
            await host.KeepAsync("Consent", $"of-{patient}", $$"""
                "status":"active","patient":{"reference":"Patient/{{patient}}"},"dateTime":"2026-01-01",
                "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
                "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"policyRule":{"coding":[{"code":"OPTIN"}]},"provision":{"type":"permit"}
                """);
            await host.DeleteAsync($"/fhir/Consent/of-{patient}");
        }

        await EventuallyAsync(() => Sink.Events("/forgone").Count > 0, "The event is missing.");
        Assert.Equal(["1 http://localhost/fhir/Consent/of-forgone"], Sink.Events("/forgone"));
        Assert.DoesNotContain("OPTIN", Sink.Of("/forgone")[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_day_of_a_clinic_is_told()
    {
        string[] topics =
        [
            "appointment-booked", "appointment-changed", "appointment-cancelled", "slot-freed", "encounter-waiting", "encounter-started", "encounter-finished",
            "questionnaire-completed", "consent-revoked", "econsult-answered", "rpm-missing-data",
        ];
        foreach (var topic in topics)
        {
            await host.SubscribeAsync(Subscription($"day-{topic}", $"{Topics}{topic}", $"{Sink.Origin}/day-{topic}", $"{TopicCatalog.Find(topic)!.Focus}?_id=day,day-slot"));
        }

        await host.KeepAsync("Schedule", "day", """ "active":true,"actor":[{"reference":"Practitioner/day"}] """);
        var start = host.Now() + TimeSpan.FromHours(20);
        await host.KeepAsync("Slot", "day-slot", $$""" "schedule":{"reference":"Schedule/day"},"status":"free","start":"{{start:yyyy-MM-ddTHH:mm:00Z}}","end":"{{start.AddMinutes(30):yyyy-MM-ddTHH:mm:00Z}}" """);
        await AppointmentAsync("booked", start, "Slot/day-slot");
        await AppointmentAsync("booked", start.AddHours(3), null);
        await AppointmentAsync("cancelled", start.AddHours(3), null);
        foreach (var status in (string[])["planned", "arrived", "in-progress", "onleave", "in-progress", "finished"])
        {
            await host.ChangedAsync("Encounter", "day", $$""" "status":"{{status}}","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR"},"subject":{"reference":"Patient/day"} """);
        }

        await host.KeepAsync("QuestionnaireResponse", "day", """ "status":"in-progress" """);
        await host.KeepAsync("QuestionnaireResponse", "day", """ "status":"completed" """);
        foreach (var status in (string[])["active", "inactive"])
        {
            await host.KeepAsync("Consent", "day", $$""" "status":"{{status}}","scope":{"text":"x"},"category":[{"text":"x"}],"policyRule":{"text":"x"},"patient":{"reference":"Patient/day"} """);
        }

        await host.KeepAsync("Task", "day", """ "status":"requested","intent":"order","code":{"coding":[{"code":"rpm-missing-data"}]},"focus":{"reference":"ServiceRequest/day"} """);
        foreach (var (status, more) in new[] { ("accepted", ""), ("in-progress", ""), ("completed", """ ,"output":[{"type":{"text":"answer"},"valueReference":{"reference":"Communication/day"}}] """) })
        {
            await host.KeepAsync(
                "Task",
                "day",
                $$""" "status":"{{status}}","intent":"order","owner":{"reference":"Practitioner/day"},"code":{"coding":[{"code":"rpm-missing-data"}]},"focus":{"reference":"ServiceRequest/day"}{{more}} """);
        }

        foreach (var topic in topics)
        {
            await EventuallyAsync(() => Sink.Events($"/day-{topic}").Count >= 1, $"{topic} was not told.");
            var focus = topic == "slot-freed" ? "Slot/day-slot" : $"{TopicCatalog.Find(topic)!.Focus}/day";
            Assert.Equal([$"1 http://localhost/fhir/{focus}"], Sink.Events($"/day-{topic}"));
        }

        Task AppointmentAsync(string status, DateTimeOffset at, string? slot) => host.KeepAsync(
            "Appointment",
            "day",
            $$"""
            "status":"{{status}}",{{(slot is null ? "" : $$"""  "slot":[{"reference":"{{slot}}"}],  """)}}"start":"{{at:yyyy-MM-ddTHH:mm:00Z}}","end":"{{at.AddMinutes(30):yyyy-MM-ddTHH:mm:00Z}}",
            "participant":[{"actor":{"reference":"Patient/day"},"status":"accepted"},{"actor":{"reference":"Practitioner/day"},"status":"accepted"}]
            """);
    }

    [Fact]
    public async Task What_happens_without_a_new_version_is_told_too()
    {
        await host.SubscribeAsync(Subscription("room", $"{Topics}participant-connected", $"{Sink.Origin}/room", "Encounter?patient=Patient/room"));
        foreach (var patient in (string[])["room", "room-other"])
        {
            await host.KeepAsync("Encounter", patient, $$""" "status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR"},"subject":{"reference":"Patient/{{patient}}"} """);
            await host.Services.GetRequiredService<IChangeEvents>().RaiseAsync("participant-connected", new ResourceKey("Encounter", patient), TestContext.Current.CancellationToken);
        }

        await host.Services.GetRequiredService<IChangeEvents>().RaiseAsync("participant-disconnected", new ResourceKey("Encounter", "room"), TestContext.Current.CancellationToken);
        await host.Services.GetRequiredService<IChangeEvents>().RaiseAsync("participant-connected", new ResourceKey("Encounter", "room"), TestContext.Current.CancellationToken);
        await EventuallyAsync(() => Sink.Events("/room").Count >= 2, "Events are missing.");
        Assert.Equal(["1 http://localhost/fhir/Encounter/room", "2 http://localhost/fhir/Encounter/room"], Sink.Events("/room"));
    }

    [Fact]
    public async Task A_reading_out_of_range_is_about_the_reading()
    {
        await host.SubscribeAsync(Subscription("range", $"{Topics}observation-out-of-range", $"{Sink.Origin}/range", "Observation?patient=Patient/range"));
        foreach (var patient in (string[])["range", "range-other"])
        {
            await host.ObserveAsync($"{patient}-high", patient);
            await host.KeepAsync(
                "Task", $"{patient}-task", $$""" "status":"requested","intent":"order","code":{"coding":[{"system":"https://telefhir.dev/fhir/CodeSystem/task","code":"review-reading"}]},"focus":{"reference":"Observation/{{patient}}-high"} """);
        }

        await EventuallyAsync(() => Sink.Events("/range").Count >= 1, "An event is missing.");
        Assert.Equal(["1 http://localhost/fhir/Observation/range-high"], Sink.Events("/range"));
    }

    [Fact]
    public async Task What_a_server_took_and_did_not_send_is_sent_by_another()
    {
        await host.SubscribeAsync(Subscription("crash", "Observation?patient=Patient/crash", $"{Sink.Origin}/crash"));
        var subscriptions = host.Services.GetRequiredService<ISubscriptions>();
        TakenSubscription? taken = null;
        await EventuallyAsync(async () => (taken = await subscriptions.TakeAsync("crash", TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken)) is not null, "It cannot be taken.");
        await host.ObserveAsync("crash-1", "crash");
        await EventuallyAsync(async () => (await RecordAsync("crash")).Last == 1, "The event is not recorded.");
        Assert.Empty(Sink.Events("/crash"));

        // Who had it never comes back.
        host.Advance(TimeSpan.FromMinutes(3));
        await EventuallyAsync(() => Sink.Events("/crash").Count == 1, "The event is lost.");
    }

    [Fact]
    public async Task Many_writers_at_once_lose_nothing_and_nothing_is_told_twice()
    {
        await host.SubscribeAsync(Subscription("race", "Observation?patient=Patient/race", $"{Sink.Origin}/race", maxCount: 100));
        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => host.ObserveAsync($"race-{n}", "race")));

        await EventuallyAsync(() => Sink.Events("/race").Count >= 40, "Events are missing.");
        Assert.Equal(Enumerable.Range(1, 40).Select(n => n.ToString(CultureInfo.InvariantCulture)), Sink.Events("/race").Select(one => one.Split(' ')[0]));
        Assert.Equal(40, Sink.Events("/race").Select(one => one.Split(' ')[1]).Distinct().Count());
        Assert.DoesNotContain("/race", Sink.Overlaps);
    }

    [Fact]
    public async Task Mail_tells_no_more_than_a_reference()
    {
        await host.SubscribeAsync(Subscription("mail", "Observation?patient=Patient/mail", "mailto:desk@example.org", type: "email"));
        await host.ObserveAsync("mail-1", "mail");
        var mail = ((ISubscriptionHost)host).Mail;
        await EventuallyAsync(() => mail.Messages.Count(message => message.Contains("desk@example.org", StringComparison.Ordinal)) >= 2, "A mail is missing.");

        var message = mail.Messages.Last(one => one.Contains("desk@example.org", StringComparison.Ordinal));
        Assert.DoesNotContain("Secret", message, StringComparison.Ordinal);
        var encoded = string.Concat(message.Split("base64", 2)[1].Split("\n\n", 2)[^1].Split('\n').Select(line => line.Trim()).TakeWhile(line => !line.StartsWith("--", StringComparison.Ordinal)));
        var hook = new Hook("", [], Encoding.UTF8.GetString(Convert.FromBase64String(encoded)));
        Assert.Equal(["1 http://localhost/fhir/Observation/mail-1"], hook.Events);
    }

    [Fact]
    public async Task A_name_that_leads_inside_is_not_connected_to()
    {
        await host.SubscribeAsync(Subscription("dns", "Observation?patient=Patient/dns", $"{Sink.Origin}/dns"));
        var refused = Sink.Refused;
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient(TeleFhir.Api.Subscriptions.RestHookChannel.Public);

        // A name, whose address is looked at when it is connected to.
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://localhost:{new Uri(Sink.Origin).Port}/dns-inside"), TestContext.Current.CancellationToken));
        Assert.Contains("may connect to", fault.ToString(), StringComparison.Ordinal);
        Assert.Empty(Sink.Of("/dns-inside"));
        Assert.Equal(refused, Sink.Refused);
    }

    [Fact]
    public async Task What_cannot_be_honoured_is_refused_and_no_server_inside_is_asked()
    {
        var (good, port) = (Subscription("bad", "Observation?patient=Patient/bad", $"{Sink.Origin}/bad"), new Uri(Sink.Origin).Port);
        foreach (var endpoint in (string[])[$"https://127.0.0.1:{port}/bad", $"http://localhost:{port}/bad", $"https://localhost:{port}/bad", $"https://[::1]:{port}/bad", $"https://2130706433:{port}/bad", "https://169.254.169.254/", "http://example.org/"])
        {
            var answer = await host.PutAsync("/fhir/Subscription/bad", Subscription("bad", "Observation?patient=Patient/bad", endpoint).ToJsonString());
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "endpoint-forbidden"), (answer.Status, answer.Json["issue"]![0]!["details"]!["coding"]![0]!["code"]!.GetValue<string>()));
        }

        good["status"] = "active";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PutAsync("/fhir/Subscription/bad", good.ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir/Subscription", Subscription("x", $"{Topics}nothing", $"{Sink.Origin}/bad").ToJsonString())).Status);
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{good.ToJsonString()}},"request":{"method":"PUT","url":"Subscription/bad"} }]}""";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir", bundle)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Subscription/bad")).Status);
        Assert.Empty(Sink.Of("/bad"));
    }

    private async Task<SubscriptionRecord> RecordAsync(string id) =>
        Assert.Single(await host.Services.GetRequiredService<ISubscriptions>().FindAsync([id], TestContext.Current.CancellationToken));
}

/// <inheritdoc />
public sealed class SqliteDeliveryTests(SqliteSubscriptionHost host) : DeliveryTests(host), IClassFixture<SqliteSubscriptionHost>;

/// <inheritdoc />
public sealed class PostgreSqlDeliveryTests(PostgreSqlSubscriptionHost host) : DeliveryTests(host), IClassFixture<PostgreSqlSubscriptionHost>;
