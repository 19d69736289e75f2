using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Async;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class AsyncRequestTests
{
    private static readonly TimeSpan _hold = TimeSpan.FromSeconds(20);
    private static readonly AsyncAnswer _answer = new("200", "{}"u8.ToArray());

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 2, 8, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_that_take_on_two_servers_each_request_is_taken_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var ids = Enumerable.Range(0, 30).Select(number => $"r{number}").ToList();
        foreach (var id in ids)
        {
            Assert.True(await Of(store).TryAcceptAsync(Request(id), 100, Cancellation));
        }

        var taken = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(
            () => Of(number % 2 == 0 ? store : second).TakeAsync(_hold, Cancellation), Cancellation)));

        Assert.Equal(ids.Order(), taken.OfType<AsyncRun>().Select(run => run.Request.Id).Order());
        Assert.All(taken.OfType<AsyncRun>(), run => Assert.Equal((1, false), (run.Attempt, run.IsLost)));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_a_dead_server_ran_is_taken_by_another_and_the_dead_one_has_lost_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var requests = Of(store);
        Assert.True(await requests.TryAcceptAsync(Request("write") with { IsRepeatable = false }, 9, Cancellation));
        var dead = await requests.TakeAsync(_hold, Cancellation);
        Assert.NotNull(dead);
        _clock.Advance(_hold / 2);
        Assert.True(await requests.HoldAsync(dead, _hold, Cancellation));
        _clock.Advance(_hold / 2);
        Assert.Null(await requests.TakeAsync(_hold, Cancellation));

        _clock.Advance(_hold);
        var run = await requests.TakeAsync(_hold, Cancellation);

        Assert.Equal((2, true), (run!.Attempt, run.IsLost));
        Assert.Equal("body"u8.ToArray(), run.Request.Body.ToArray());
        Assert.False(await requests.HoldAsync(dead, _hold, Cancellation));
        Assert.False(await requests.FinishAsync(dead, _answer, _hold, Cancellation));
        Assert.True(await requests.FinishAsync(run, _answer, _hold, Cancellation));
        Assert.Null(await requests.TakeAsync(_hold, Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_request_that_changes_nothing_is_run_again_but_not_for_ever(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var requests = Of(store);
        Assert.True(await requests.TryAcceptAsync(Request("read"), 9, Cancellation));
        var runs = new List<(int, bool)>();
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            var run = await requests.TakeAsync(_hold, Cancellation);
            runs.Add((run!.Attempt, run.IsLost));
            _clock.Advance(_hold);
        }

        Assert.Equal([(1, false), (2, false), (3, false), (4, true)], runs);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_answer_is_its_owners_until_it_is_thrown_away(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var requests = Of(store);
        Assert.True(await requests.TryAcceptAsync(Request("a"), 2, Cancellation));
        Assert.True(await requests.TryAcceptAsync(Request("b"), 2, Cancellation));
        Assert.False(await requests.TryAcceptAsync(Request("c"), 2, Cancellation));
        Assert.True(await requests.TryAcceptAsync(Request("d") with { Owner = "other" }, 2, Cancellation));
        Assert.Equal(AsyncState.Waiting, (await requests.FindAsync("a", "me", Cancellation))!.State);
        Assert.Null(await requests.FindAsync("a", "other", Cancellation));
        Assert.False(await requests.RemoveAsync("a", "other", Cancellation));

        var run = await requests.TakeAsync(_hold, Cancellation);
        Assert.Equal(AsyncState.Running, (await requests.FindAsync("a", "me", Cancellation))!.State);
        Assert.True(await requests.FinishAsync(run!, _answer, TimeSpan.FromHours(1), Cancellation));
        var status = await requests.FindAsync("a", "me", Cancellation);
        Assert.Equal((AsyncState.Done, "200", _clock.GetUtcNow().AddHours(1)), (status!.State, status.Answer!.Head, status.Expires));
        Assert.True(await requests.TryAcceptAsync(Request("c"), 2, Cancellation));

        var cancelled = await requests.TakeAsync(_hold, Cancellation);
        Assert.True(await requests.RemoveAsync(cancelled!.Request.Id, cancelled.Request.Owner, Cancellation));
        Assert.False(await requests.HoldAsync(cancelled, _hold, Cancellation));
        Assert.False(await requests.FinishAsync(cancelled, _answer, _hold, Cancellation));

        await requests.PruneAsync(Cancellation);
        Assert.NotNull(await requests.FindAsync("a", "me", Cancellation));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await requests.FindAsync("a", "me", Cancellation));
        await requests.PruneAsync(Cancellation);
        Assert.False(await requests.RemoveAsync("a", "me", Cancellation));
    }

    private static IAsyncRequests Of(TestStore store) => store.Services.GetRequiredService<IAsyncRequests>();

    private AsyncRequest Request(string id) => new(id, "me", "head", "body"u8.ToArray(), IsRepeatable: true, _clock.GetUtcNow());
}
