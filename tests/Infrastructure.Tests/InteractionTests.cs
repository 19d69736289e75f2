using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class InteractionTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(_start);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_interaction_is_decided_once_and_taken_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var interactions = store.Services.GetRequiredService<IAuthorizationInteractions>();
        var asked = Asked("i1") with { LaunchPatient = "amy", MustConsent = true };
        await interactions.AddAsync(asked, Cancel);

        Assert.Equivalent(asked, await interactions.FindAsync("i1", Cancel), strict: true);
        Assert.Null(await interactions.TakeAsync("i1", Cancel));
        var decisions = Enumerable.Range(0, 10).Select(at => new InteractionDecision($"u{at}", "s", _start, true, ["openid", $"s{at}"])
        {
            Patient = "amy",
        }).ToList();
        var decided = await Task.WhenAll(decisions.Select(decision => Task.Run(() => interactions.DecideAsync("i1", decision, Cancel))));
        Assert.Single(decided, won => won);

        var taken = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => interactions.TakeAsync("i1", Cancel))));
        var one = Assert.Single(taken, interaction => interaction is not null)!;
        Assert.Equivalent(asked with { Decision = decisions[Array.IndexOf(decided, true)] }, one, strict: true);
        Assert.Null(await interactions.FindAsync("i1", Cancel));
        Assert.False(await interactions.DecideAsync("i1", decisions[0], Cancel));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_interaction_belongs_to_the_first_browser_and_expires(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var interactions = store.Services.GetRequiredService<IAuthorizationInteractions>();
        await interactions.AddAsync(Asked("i1"), Cancel);

        Assert.True(await interactions.BindAsync("i1", "mine", Cancel));
        Assert.True(await interactions.BindAsync("i1", "mine", Cancel));
        Assert.False(await interactions.BindAsync("i1", "other", Cancel));
        Assert.False(await interactions.BindAsync("i2", "mine", Cancel));
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False(await interactions.BindAsync("i1", "mine", Cancel));
        Assert.Null(await interactions.FindAsync("i1", Cancel));
        Assert.False(await interactions.DecideAsync("i1", new InteractionDecision("u", "s", _start, false, []), Cancel));
        Assert.Null(await interactions.TakeAsync("i1", Cancel));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Consents_are_remembered_by_user_and_client_until_forgotten(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var consents = store.Services.GetRequiredService<IRememberedConsents>();
        await consents.RememberAsync("u1", "c1", ["openid", "patient/Observation.rs?category=a|b"], Cancel);
        await consents.RememberAsync("u1", "c1", ["openid"], Cancel);
        await consents.RememberAsync("u2", "c1", ["fhirUser"], Cancel);
        await consents.RememberAsync("u1", "c2", ["launch"], Cancel);

        Assert.Equal(["openid"], await consents.FindAsync("u1", "c1", Cancel));
        Assert.Equal(["fhirUser"], await consents.FindAsync("u2", "c1", Cancel));
        await consents.ForgetClientAsync("c1", Cancel);
        Assert.Empty(await consents.FindAsync("u1", "c1", Cancel));
        Assert.Empty(await consents.FindAsync("u2", "c1", Cancel));
        Assert.Equal(["launch"], await consents.FindAsync("u1", "c2", Cancel));
        await consents.ForgetAsync("u1", "c2", Cancel);
        Assert.Empty(await consents.FindAsync("u1", "c2", Cancel));
    }

    private static AuthorizationInteraction Asked(string id) =>
        new(id, "c1", "App", ["openid", "patient/*.rs"], "client_id=c1&state=x", "http://localhost:3000", _start.AddMinutes(10)) { Created = _start };
}
