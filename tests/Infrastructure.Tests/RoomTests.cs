using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Infrastructure.Tests;

public sealed class RoomTests
{
    private static readonly RoomMember _amy = new("enc", "Patient/amy", "Amy", IsHost: false);
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(5);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_show_a_join_token_on_two_nodes_one_comes_in(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var token = await Of<IJoinTokens>(store).MintAsync(_amy, TimeProvider.System.GetUtcNow() + _life, Cancellation);

        var found = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(
            () => Of<IJoinTokens>(number % 2 == 0 ? store : second).RedeemAsync(token, Cancellation), Cancellation)));

        Assert.Equal(_amy, Assert.Single(found.OfType<RoomMember>()));
        Assert.Null(await Of<IJoinTokens>(second).FindAsync(token, Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_join_token_ends_after_its_time_and_when_it_is_spoilt(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var tokens = Of<IJoinTokens>(store);
        var (first, other) = (await MintAsync(_amy), await MintAsync(_amy with { Participant = "Practitioner/lee", IsHost = true }));

        Assert.Equal(_amy, await tokens.FindAsync(first, Cancellation));
        await tokens.SpoilAsync("enc", "Patient/amy", Cancellation);
        Assert.Null(await tokens.RedeemAsync(first, Cancellation));
        Assert.NotNull(await tokens.FindAsync(other, Cancellation));
        await tokens.SpoilAsync("enc", null, Cancellation);
        Assert.Null(await tokens.RedeemAsync(other, Cancellation));

        var late = await MintAsync(_amy);
        _clock.Advance(_life);
        Assert.Null(await tokens.RedeemAsync(late, Cancellation));
        foreach (var nonsense in (string[])["", "x", late + "x", new string('é', 43)])
        {
            Assert.Null(await tokens.RedeemAsync(nonsense, Cancellation));
        }

        Task<string> MintAsync(RoomMember member) => tokens.MintAsync(member, _clock.GetUtcNow() + _life, Cancellation);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_exchange_an_invitation_one_gets_a_session(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var invite = new VisitInvite("enc", "rel", "Uncle", Moment(TimeProvider.System.GetUtcNow() + _life));
        var code = await Of<IVisitInvites>(store).AddAsync(invite, Cancellation);
        Assert.Null(await Of<IVisitInvites>(store).ExchangeAsync("another", code, Cancellation));

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(
            () => Of<IVisitInvites>(number % 2 == 0 ? store : second).ExchangeAsync("enc", code, Cancellation), Cancellation)));

        var (_, session) = Assert.Single(all, one => one is not null)!.Value;
        Assert.Equal(invite, await Of<IVisitInvites>(second).ResumeAsync("enc", session, Cancellation));
        Assert.Null(await Of<IVisitInvites>(second).ResumeAsync("another", session, Cancellation));
        Assert.Null(await Of<IVisitInvites>(second).ResumeAsync("enc", code, Cancellation));
        Assert.True(await Of<IVisitInvites>(second).RevokeAsync("enc", "rel", Cancellation));
        Assert.Null(await Of<IVisitInvites>(store).ResumeAsync("enc", session, Cancellation));
        Assert.Null(await Of<IVisitInvites>(store).RevokeAsync("enc", "nobody", Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_room_is_abandoned_when_the_last_has_left_or_their_node_is_silent(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var presence = Of<IVisitPresence>(store);
        await presence.EnterAsync(new("a", _amy, VisitRole.Lobby, "node-1", _clock.GetUtcNow()), Cancellation);
        await presence.EnterAsync(new("b", _amy with { IsHost = true }, VisitRole.Host, "node-2", _clock.GetUtcNow()), Cancellation);
        await presence.AdmitAsync("enc", Cancellation);
        Assert.Equal([("a", VisitRole.Guest), ("b", VisitRole.Host)], (await presence.InAsync("enc", Cancellation)).Select(one => (one.Id, one.Role)));

        Assert.True(await presence.LeaveAsync("a", Cancellation));
        Assert.False(await presence.LeaveAsync("a", Cancellation));
        _clock.Advance(TimeSpan.FromSeconds(10));
        await presence.KeepAsync("node-2", Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("b", Assert.Single(await presence.InAsync("enc", Cancellation)).Id);
        Assert.Empty(await presence.AbandonedAsync(_clock.GetUtcNow(), Cancellation));

        Assert.Empty(await presence.VanishedAsync(Cancellation).ToListAsync(Cancellation));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await presence.InAsync("enc", Cancellation));
        Assert.Equal([new("b", "enc")], await presence.VanishedAsync(Cancellation).ToListAsync(Cancellation));
        Assert.False(await presence.LeaveAsync("b", Cancellation));
        Assert.Empty(await presence.AbandonedAsync(_clock.GetUtcNow() - TimeSpan.FromMinutes(1), Cancellation));
        Assert.Equal(["enc"], await presence.AbandonedAsync(_clock.GetUtcNow(), Cancellation));
        await presence.SettleAsync("enc", Cancellation);
        Assert.Empty(await presence.AbandonedAsync(_clock.GetUtcNow(), Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_find_a_node_silent_one_ends_each_of_its_connections(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await using var second = store.Second(_clock);
        var ids = Enumerable.Range(0, 10).Select(number => $"seat-{number}").ToList();
        foreach (var id in ids)
        {
            await Of<IVisitPresence>(store).EnterAsync(new(id, _amy with { Encounter = $"enc-{id}" }, VisitRole.Guest, "dead", _clock.GetUtcNow()), Cancellation);
        }

        _clock.Advance(IVisitPresence.Silence);
        var found = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(
            () => Of<IVisitPresence>(number % 2 == 0 ? store : second).VanishedAsync(Cancellation).ToListAsync(Cancellation).AsTask(), Cancellation)));

        Assert.Equal(ids, found.SelectMany(some => some).Select(one => one.Id).Order(StringComparer.Ordinal));
        Assert.Empty(await Of<IVisitPresence>(second).VanishedAsync(Cancellation).ToListAsync(Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Letters_come_once_in_the_order_they_were_posted(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await using var second = store.Second();
        var letters = Enumerable.Range(0, 50).Select(number => new RoomLetter("node-2", "enc", number % 2 == 0 ? "b" : null, "chat", $"{number}")).ToList();
        foreach (var letter in letters)
        {
            await Of<IRoomMail>(store).PostAsync([letter, letter with { Node = "node-3" }], Cancellation);
        }

        Assert.Equal(letters, await Of<IRoomMail>(second).TakeAsync("node-2", Cancellation));
        Assert.Empty(await Of<IRoomMail>(second).TakeAsync("node-2", Cancellation));
        _clock.Advance(TimeSpan.FromMinutes(2));
        await Of<IRoomMail>(store).PruneAsync(Cancellation);
        Assert.Empty(await Of<IRoomMail>(second).TakeAsync("node-3", Cancellation));
    }

    private static DateTimeOffset Moment(DateTimeOffset time) => new(time.UtcTicks, TimeSpan.Zero);

    private static T Of<T>(TestStore store)
        where T : notnull => store.Services.GetRequiredService<T>();
}
