using System.Net;
using System.Text;
using Hl7.Fhir.Model;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Subscriptions as they are written, by whatever way, and what is kept of them.</summary>
public sealed class SubscriptionWriteTests
{
    private static readonly Caller _ehr = Caller.Client("ehr") with { Scopes = SmartScope.ParseAll("system/*.cruds") };
    private static readonly Caller _narrow = Caller.Client("narrow") with { Scopes = SmartScope.ParseAll("system/Subscription.cruds system/Observation.rs") };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_asked_for_is_kept_with_the_subscription_and_goes_with_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);

        await WriteAsync(store, _ehr, new PutChange(Key("a"), Content("a", header: "Authorization: Bearer tell-nobody")));
        var kept = await FindAsync(store, "a");
        Assert.Equal((SubscriptionState.Requested, "ehr", 1), (kept!.State, kept.Owner.Name, kept.Asked));
        Assert.Equal(["Authorization: Bearer tell-nobody"], kept.Plan.Headers);
        Assert.DoesNotContain("tell-nobody", Encoding.UTF8.GetString((await store.ReadAsync("Subscription/a"))!.Json.Span), StringComparison.Ordinal);

        await BecomesAsync(store, "a", Subscription.SubscriptionStatus.Active);
        Assert.Equal((SubscriptionState.Active, 1), ((await FindAsync(store, "a"))!.State, (await FindAsync(store, "a"))!.Asked));

        // A patch of another element leaves it active and its owner theirs.
        await WriteAsync(store, _narrow, new PatchChange(Key("a"), stored =>
        {
            var subscription = (Subscription)FhirJson.Parse(stored.Json);
            subscription.Reason = "Another.";
            return new ResourceContent(subscription, FhirJson.Serialize(subscription));
        }), expected: HttpStatusCode.Forbidden);
        await WriteAsync(store, _ehr, new PatchChange(Key("a"), stored =>
        {
            var subscription = (Subscription)FhirJson.Parse(stored.Json);
            subscription.Reason = "Another.";
            return new ResourceContent(subscription, FhirJson.Serialize(subscription));
        }));
        kept = await FindAsync(store, "a");
        Assert.Equal((SubscriptionState.Active, 1), (kept!.State, kept.Asked));
        Assert.Equal(["Authorization: Bearer tell-nobody"], kept.Plan.Headers);

        await WriteAsync(store, _ehr, new DeleteChange(Key("a")));
        Assert.Null(await FindAsync(store, "a"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_cannot_be_honoured_is_refused_by_every_way_and_nothing_is_stored(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await WriteAsync(store, _ehr, new PutChange(Key("good"), Content("good")));

        foreach (var bad in (ResourceContent[])[Content("bad", criteria: "https://telefhir.dev/fhir/SubscriptionTopic/none"), Content("bad", endpoint: "https://10.0.0.1/"), Content("bad", status: "active")])
        {
            await WriteAsync(store, _ehr, new CreateChange(Key("bad"), bad), HttpStatusCode.UnprocessableEntity);
            await WriteAsync(store, _ehr, new PutChange(Key("bad"), bad), HttpStatusCode.UnprocessableEntity);
            await WriteAsync(store, _ehr, new PatchChange(Key("good"), _ => bad), HttpStatusCode.UnprocessableEntity);
            var refused = await Assert.ThrowsAsync<FhirException>(() => store.Store.CommitAsync(
                _ehr, new ChangeSet([new PutChange(new ResourceKey("Patient", "p"), TestStore.Content("""{"resourceType":"Patient","id":"p"}""")), new PutChange(Key("bad"), bad)], []), Token));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        }

        await WriteAsync(store, _narrow, new PutChange(Key("bad"), Content("bad")), HttpStatusCode.Forbidden);
        Assert.Null(await store.ReadAsync("Subscription/bad"));
        Assert.Null(await store.ReadAsync("Patient/p"));
        Assert.Null(await FindAsync(store, "bad"));
        Assert.Equal(1, (await store.ReadAsync("Subscription/good"))!.Key.Version);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_an_import_brings_is_off(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);

        await store.CommitAsync(new PutChange(Key("a"), Content("a", status: "active")));

        Assert.Contains("\"status\":\"off\"", Encoding.UTF8.GetString((await store.ReadAsync("Subscription/a"))!.Json.Span), StringComparison.Ordinal);
        Assert.Equal(SubscriptionState.Off, (await FindAsync(store, "a"))!.State);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Patients_see_their_own_and_no_others(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var (amy, ben) = (Patient("amy"), Patient("ben"));
        await WriteAsync(store, amy, new PutChange(Key("amys"), Content("amys")));
        await WriteAsync(store, _ehr, new PutChange(Key("ehrs"), Content("ehrs")));

        Assert.NotNull(await store.Store.ReadAsync(amy, Key("amys"), Token));
        Assert.Null(await store.Store.ReadAsync(ben, Key("amys"), Token));
        Assert.Null(await store.Store.ReadAsync(amy, Key("ehrs"), Token));
        Assert.NotNull(await store.Store.ReadAsync(_ehr, Key("amys"), Token));
        Assert.Equal(["amys"], (await store.Store.SearchAsync(amy, store.Parse("Subscription?_count=10"), Token)).Matches.Select(one => one.Key.Id));
        Assert.Empty((await store.Store.SearchAsync(ben, store.Parse("Subscription?_count=10"), Token)).Matches);
        await WriteAsync(store, ben, new PutChange(Key("amys"), Content("amys", endpoint: "https://ben.example.org/")), HttpStatusCode.NotFound);
        await WriteAsync(store, ben, new PutChange(Key("ehrs"), Content("ehrs", endpoint: "https://ben.example.org/")), HttpStatusCode.NotFound);
        Assert.Equal("https://ehr.example.org/hook", (await FindAsync(store, "amys"))!.Plan.Endpoint);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_take_one_has_it_and_a_lease_that_ran_out_is_nobodys(DatabaseProvider provider)
    {
        var clock = new SetClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        await using var other = store.Second(clock);
        await WriteAsync(store, _ehr, new PutChange(Key("a"), Content("a")));
        var (here, there) = (store.Services.GetRequiredService<ISubscriptions>(), other.Services.GetRequiredService<ISubscriptions>());

        Assert.Equal(["a"], await here.DueAsync(Token));
        var takes = await Task.WhenAll(Enumerable.Range(0, 40).Select(at => (at % 2 == 0 ? here : there).TakeAsync("a", TimeSpan.FromMinutes(1), Token)));
        var taken = Assert.Single(takes, one => one is not null)!;
        Assert.Empty(await there.DueAsync(Token));

        clock.Now += TimeSpan.FromMinutes(2);
        var later = await there.TakeAsync("a", TimeSpan.FromMinutes(1), Token);
        Assert.NotNull(later);
        await here.SentAsync(taken, 7, Token);
        Assert.Equal(0, (await FindAsync(store, "a"))!.Delivered);
        await there.FailedAsync(later, clock.GetUtcNow(), clock.GetUtcNow() + TimeSpan.FromSeconds(3), "It said no.", Token);
        var failing = (await FindAsync(store, "a"))!;
        Assert.Equal((1, "It said no."), (failing.Failures, failing.Note));
        Assert.Empty(await here.DueAsync(Token));
        clock.Now += TimeSpan.FromSeconds(3);
        Assert.Equal(["a"], await here.DueAsync(Token));

        // Asked for anew, it is tried at once.
        await there.FailedAsync((await here.TakeAsync("a", TimeSpan.FromMinutes(1), Token))!, clock.GetUtcNow(), clock.GetUtcNow() + TimeSpan.FromHours(3), "It said no.", Token);
        Assert.Empty(await here.DueAsync(Token));
        await WriteAsync(store, _ehr, new PutChange(Key("a"), Content("a", reason: "Please.")));
        Assert.Equal(["a"], await here.DueAsync(Token));
        Assert.Equal(0, (await FindAsync(store, "a"))!.Failures);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_ask_for_the_last_that_a_subscriber_may_have_one_gets_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var other = store.Second();
        var amy = Patient("amy");
        await store.Store.CommitAsync(amy, new ChangeSet([.. Enumerable.Range(0, 99).Select(at => new PutChange(Key($"s{at}"), Content($"s{at}")))], []), Token);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => Task.Run(async () =>
        {
            try
            {
                await (at % 2 == 0 ? store : other).Store.CommitAsync(amy, ChangeSet.Of(new CreateChange(Key($"late{at}"), Content($"late{at}"))), Token);
                return HttpStatusCode.Created;
            }
            catch (FhirException refused)
            {
                Assert.Equal(OperationOutcome.IssueType.TooCostly, Assert.Single(refused.Outcome.Issue).Code);
                return refused.Status;
            }
        })));

        Assert.Single(statuses, status => status == HttpStatusCode.Created);
        Assert.Equal(19, statuses.Count(status => status == HttpStatusCode.UnprocessableEntity));

        // To ask for one again is not one more, nor is what others have; what is off makes room, also in the same commit.
        await WriteAsync(store, amy, new PutChange(Key("s0"), Content("s0", reason: "Again.")));
        await WriteAsync(store, Patient("ben"), new CreateChange(Key("bens"), Content("bens")));
        await WriteAsync(store, amy, new PutChange(Key("more"), Content("more")), HttpStatusCode.UnprocessableEntity);
        await BecomesAsync(store, "s0", Subscription.SubscriptionStatus.Active);
        await WriteAsync(store, amy, new PutChange(Key("more"), Content("more", status: "off")));
        await WriteAsync(store, amy, new PutChange(Key("more"), Content("more")), HttpStatusCode.UnprocessableEntity);
        await store.Store.CommitAsync(amy, new ChangeSet([new PutChange(Key("s0"), Content("s0", status: "off")), new PutChange(Key("more"), Content("more"))], []), Token);
        await WriteAsync(store, amy, new PutChange(Key("s0"), Content("s0")), HttpStatusCode.UnprocessableEntity);
        await WriteAsync(store, amy, new DeleteChange(Key("more")));
        await WriteAsync(store, amy, new PutChange(Key("s0"), Content("s0")));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_client_of_its_own_has_ten_times_as_many(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        foreach (var part in Enumerable.Range(0, 1000).Chunk(250))
        {
            await store.Store.CommitAsync(_ehr, new ChangeSet([.. part.Select(at => new PutChange(Key($"s{at}"), Content($"s{at}")))], []), Token);
        }

        await WriteAsync(store, _ehr, new PutChange(Key("more"), Content("more")), HttpStatusCode.UnprocessableEntity);
        await WriteAsync(store, _narrow, new PutChange(Key("more"), Content("more", criteria: "Observation?status=final")));
    }

    private static Caller Patient(string id) => Caller.User($"u-{id}", "app") with
    {
        FhirUser = new ResourceKey("Patient", id),
        Patient = id,
        Scopes = SmartScope.ParseAll("patient/*.cruds"),
    };

    private static ResourceKey Key(string id) => new("Subscription", id);

    private static async Task WriteAsync(TestStore store, Caller caller, Change change, HttpStatusCode? expected = null)
    {
        if (expected is null)
        {
            Assert.Equal(CommitStatus.Committed, (await store.Store.CommitAsync(caller, ChangeSet.Of(change), Token)).Status);
            return;
        }

        Assert.Equal(expected, (await Assert.ThrowsAsync<FhirException>(() => store.Store.CommitAsync(caller, ChangeSet.Of(change), Token))).Status);
    }

    private static async Task BecomesAsync(TestStore store, string id, Subscription.SubscriptionStatus status) => await store.Store.CommitAsync(
        Caller.System("subscriptions"),
        ChangeSet.Of(new PatchChange(Key(id), stored =>
        {
            var subscription = (Subscription)FhirJson.Parse(stored.Json);
            subscription.Status = status;
            return new ResourceContent(subscription, FhirJson.Serialize(subscription));
        })) with
        { IsOperation = true },
        Token);

    private static async Task<SubscriptionRecord?> FindAsync(TestStore store, string id) =>
        (await store.Services.GetRequiredService<ISubscriptions>().FindAsync([id], Token)).SingleOrDefault();

    private static ResourceContent Content(
        string id,
        string criteria = "https://telefhir.dev/fhir/SubscriptionTopic/appointment-booked",
        string endpoint = "https://ehr.example.org/hook",
        string status = "requested",
        string? header = null,
        string reason = "Sync.") => TestStore.Content(
        $$"""
        {"resourceType":"Subscription","id":"{{id}}","status":"{{status}}","reason":"{{reason}}","criteria":"{{criteria}}",
         "channel":{"type":"rest-hook","endpoint":"{{endpoint}}","payload":"application/fhir+json"{{(header is null ? "" : $",\"header\":[\"{header}\"]")}} } }
        """);
}
