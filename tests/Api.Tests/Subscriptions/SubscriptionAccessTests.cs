using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Tests.Scheduling;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Subscriptions;
using static TeleFhir.Api.Tests.Subscriptions.SubscriptionSteps;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>A server that asks for tokens and has subscribers.</summary>
public sealed class SqliteSubscriptionTokenHost : TokenHost
{
    /// <summary>How many Subscriptions a user has at a time.</summary>
    internal const int Most = 20;

    private readonly Subscribers _subscribers = new();

    internal HookSink Sink => _subscribers.Sink;

    protected override async Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure)
    {
        await _subscribers.StartAsync();
        return await TelehealthHost.StartAsync(builder => Set(builder, configure, _subscribers));
    }

    internal static void Set(IWebHostBuilder builder, Action<IWebHostBuilder> configure, Subscribers subscribers)
    {
        configure(builder);
        builder.UseSetting("Subscriptions:AllowedCallbacks:0", subscribers.Sink.Origin + "/");
        builder.UseSetting("Subscriptions:MostPerSubscriber", $"{Most}");
        builder.UseSetting("Reminders:Mail:Host", "127.0.0.1").UseSetting("Reminders:Mail:From", "clinic@example.org");
    }
}

/// <summary>Whom notifications are for, and what they may learn. Each test has patients and paths of its own.</summary>
public sealed class SubscriptionAccessTests(SqliteSubscriptionTokenHost host) : IClassFixture<SqliteSubscriptionTokenHost>
{
    private TelehealthHost Server => host.Server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_has_more_than_the_operator_allows_and_others_have_theirs()
    {
        var (greedy, modest) = (await host.PatientAsync("sub-greedy"), await host.PatientAsync("sub-modest"));
        for (var at = 0; at < SqliteSubscriptionTokenHost.Most; at++)
        {
            Assert.Equal(HttpStatusCode.Created, (await PutAsync($"greedy{at}", "requested", greedy)).Status);
        }

        var refused = await PutAsync("greedy-more", "requested", greedy);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal(
            ("too-costly", "too-many-subscriptions"),
            (refused.Json["issue"]![0]!["code"]!.GetValue<string>(), refused.Json["issue"]![0]!["details"]!["coding"]![0]!["code"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.Created, (await PutAsync("modest", "requested", modest)).Status);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("greedy0", "off", greedy)).Status);
        Assert.Equal(HttpStatusCode.Created, (await PutAsync("greedy-more", "requested", greedy)).Status);

        Task<Answer> PutAsync(string id, string status, string header) => Server.PutAsync($"/fhir/Subscription/{id}", $$"""
            {"resourceType":"Subscription","id":"{{id}}","status":"{{status}}","reason":"x","criteria":"Observation?code=http://loinc.org|8867-4","channel":{"type":"websocket"} }
            """, header);
    }

    [Fact]
    public async Task A_patients_subscription_sees_its_own_record_and_counts_nothing_else()
    {
        var amy = await host.PatientAsync("sub-amy");
        var ben = await host.PatientAsync("sub-ben");
        await Server.SubscribeAsync(Subscription("amys", "Observation", $"{host.Sink.Origin}/amys", content: "full-resource"), amy);
        await Server.SubscribeAsync(Subscription("ehrs", "Observation", $"{host.Sink.Origin}/ehrs"), host.Staff);
        foreach (var (id, patient) in ((string, string)[])[("sub-1", "sub-ben"), ("sub-2", "sub-amy"), ("sub-3", "sub-ben"), ("sub-4", "sub-amy")])
        {
            await Server.ObserveAsync(id, patient, host.Staff);
        }

        await EventuallyAsync(() => host.Sink.Events("/ehrs").Count(one => one.Contains("/sub-", StringComparison.Ordinal)) == 4, "Events of the EHR are missing.");
        await EventuallyAsync(() => host.Sink.Events("/amys").Count == 2, "Events of the patient are missing.");
        Assert.Equal(["1 http://localhost/fhir/Observation/sub-2", "2 http://localhost/fhir/Observation/sub-4"], host.Sink.Events("/amys"));
        Assert.DoesNotContain("sub-ben", string.Concat(host.Sink.Of("/amys").Select(hook => hook.Text)), StringComparison.Ordinal);

        // Others do not see it, and cannot make it theirs.
        Assert.Equal(HttpStatusCode.OK, (await Server.GetAsync("/fhir/Subscription/amys/$status", amy)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.GetAsync("/fhir/Subscription/amys/$status", ben)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.GetAsync("/fhir/Subscription/amys/$events", ben)).Status);
        Assert.Empty((await Server.GetAsync("/fhir/Subscription/$status", ben)).Entries);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.PutAsync("/fhir/Subscription/amys", Subscription("amys", "Observation", $"{host.Sink.Origin}/bens").ToJsonString(), ben)).Status);
        var refused = await Server.PutAsync(
            "/fhir/Subscription/narrow", Subscription("narrow", "Observation", $"{host.Sink.Origin}/narrow").ToJsonString(), await host.PatientAsync("sub-narrow", "patient/Subscription.cruds patient/Patient.rs"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        var mail = await Server.PutAsync("/fhir/Subscription/mails", Subscription("mails", "Observation", "mailto:anybody@example.org", type: "email").ToJsonString(), amy);
        Assert.Equal(HttpStatusCode.Forbidden, mail.Status);
    }

    [Fact]
    public async Task What_is_withheld_when_it_is_sent_is_not_sent_though_it_was_open_when_it_happened()
    {
        await Server.SubscribeAsync(Subscription("consent", "Observation?code:text=Secretcode", $"{host.Sink.Origin}/consent", content: "full-resource"), host.Staff);
        host.Sink.Answers["/consent"] = 500;
        await Server.ObserveAsync("consent-no", "sub-no", host.Staff);
        await EventuallyAsync(async () => (await RecordAsync("consent")).Failures > 0, "Nothing has failed.");
        await host.StoreAsync(
            "Consent",
            "sub-no",
            """ "status":"active","scope":{"text":"privacy"},"category":[{"text":"x"}],"policyRule":{"text":"x"},"patient":{"reference":"Patient/sub-no"},"provision":{"type":"deny"} """);
        await Server.ObserveAsync("consent-yes", "sub-yes", host.Staff);
        host.Sink.Answers.TryRemove("/consent", out _);

        await EventuallyAsync(() => host.Sink.Events("/consent").Any(one => one.EndsWith("consent-yes", StringComparison.Ordinal)), "The other event is missing.");
        Assert.DoesNotContain("sub-no", string.Concat(host.Sink.Of("/consent").Select(hook => hook.Text)), StringComparison.Ordinal);
        Assert.DoesNotContain("consent-no", string.Concat(host.Sink.Of("/consent").Select(hook => hook.Text)), StringComparison.Ordinal);
        Assert.DoesNotContain("consent-no", (await Server.GetAsync("/fhir/Subscription/consent/$events", host.Staff)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_ends_with_the_access_of_whoever_asked_for_it()
    {
        var patient = await host.PatientAsync("sub-revoked");
        await Server.SubscribeAsync(Subscription("revoked", "Observation", $"{host.Sink.Origin}/revoked"), patient);
        await Server.SubscribeAsync(Subscription("witness", "Observation?patient=Patient/sub-revoked", $"{host.Sink.Origin}/witness"), host.Staff);
        var owner = (await RecordAsync("revoked")).Owner;
        await Server.Services.GetRequiredService<IRevocations>().AddAsync(RevokedKind.User, owner.UserId!, Cancel);
        await Server.ObserveAsync("sub-revoked-1", "sub-revoked", host.Staff);

        await EventuallyAsync(() => host.Sink.Events("/witness").Count == 1, "The witness saw nothing.");
        await Server.BecomesAsync("revoked", "error", host.Staff);
        Assert.Empty(host.Sink.Events("/revoked"));
        Assert.Contains("withdrawn", (await Server.GetAsync("/fhir/Subscription/revoked", host.Staff)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_is_for_whoever_asked_for_it()
    {
        var amy = await host.PatientAsync("sock-amy");
        await Server.SubscribeAsync(Subscription("sock-amys", "Observation", endpoint: null, type: "websocket"), amy);

        Assert.Equal(HttpStatusCode.Forbidden, (await Server.GetAsync("/fhir/Subscription/sock-amys/$get-ws-binding-token", host.Staff)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.GetAsync("/fhir/Subscription/sock-amys/$get-ws-binding-token", await host.PatientAsync("sock-ben"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Server.GetAsync("/fhir/Subscription/$get-ws-binding-token?id=sock-amys", await host.PatientAsync("sock-ben"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await Server.GetAsync("/fhir/Subscription/sock-amys/$get-ws-binding-token", amy)).Status);
    }

    private async Task<SubscriptionRecord> RecordAsync(string id) =>
        Assert.Single(await Server.Services.GetRequiredService<ISubscriptions>().FindAsync([id], Cancel));
}
