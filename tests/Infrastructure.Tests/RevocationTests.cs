using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

public sealed class RevocationTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_revocation_holds_here_at_once_and_elsewhere_after_a_refresh(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        using var here = Of(store, clock);
        using var there = Of(store, clock);
        await there.RefreshAsync(TestContext.Current.CancellationToken);

        await here.AddAsync(RevokedKind.Token, "t1", TestContext.Current.CancellationToken);
        await here.AddAsync(RevokedKind.Authorization, "a1", TestContext.Current.CancellationToken);

        Assert.True(here.Contains("t1", null, null, null, _start));
        Assert.False(there.Contains("t1", null, null, null, _start));
        await there.RefreshAsync(TestContext.Current.CancellationToken);
        Assert.True(there.Contains("t1", "other", "u", "c", _start));
        Assert.True(there.Contains("other", "a1", "u", "c", _start));
        Assert.False(there.Contains("other", "other", "t1", "a1", _start));
        Assert.False(there.Contains(null, null, null, null, _start));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_user_or_client_is_revoked_for_what_was_issued_until_then(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        using var revocations = Of(store, clock);

        await revocations.AddAsync(RevokedKind.User, "u1", TestContext.Current.CancellationToken);
        await revocations.AddAsync(RevokedKind.Client, "c1", TestContext.Current.CancellationToken);

        Assert.True(revocations.Contains(null, null, "u1", "c", _start));
        Assert.True(revocations.Contains(null, null, "u", "c1", _start.AddSeconds(-1)));
        Assert.False(revocations.Contains(null, null, "u1", "c1", _start.AddSeconds(1)));

        clock.Advance(TimeSpan.FromMinutes(1));
        await revocations.AddAsync(RevokedKind.User, "u1", TestContext.Current.CancellationToken);
        Assert.True(revocations.Contains(null, null, "u1", "c", _start.AddSeconds(1)));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_started_knows_what_was_revoked_before(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        using (var before = Of(store, clock))
        {
            await before.AddAsync(RevokedKind.Token, "t1", TestContext.Current.CancellationToken);
        }

        using var after = Of(store, clock);
        await after.StartAsync(TestContext.Current.CancellationToken);

        Assert.True(after.Contains("t1", null, null, null, _start));
        await after.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Memory_follows_by_itself(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        using var here = Of(store, clock);
        using var there = Of(store, clock);
        await there.StartAsync(TestContext.Current.CancellationToken);
        await here.AddAsync(RevokedKind.Token, "t1", TestContext.Current.CancellationToken);

        while (!there.Contains("t1", null, null, null, _start))
        {
            clock.Advance(Revocations.Period);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await there.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Those_whose_tokens_have_run_out_are_forgotten(DatabaseProvider provider)
    {
        var clock = new FakeTimeProvider(_start);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        using var revocations = Of(store, clock);
        await revocations.AddAsync(RevokedKind.Token, "t1", TestContext.Current.CancellationToken);
        clock.Advance(store.Settings.LongestTokenLife);
        await revocations.AddAsync(RevokedKind.Token, "t2", TestContext.Current.CancellationToken);
        await revocations.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.False(revocations.Contains("t1", null, null, null, _start));
        Assert.True(revocations.Contains("t2", null, null, null, _start));
        using var other = Of(store, clock);
        await other.RefreshAsync(TestContext.Current.CancellationToken);
        Assert.False(other.Contains("t1", null, null, null, _start));
        Assert.True(other.Contains("t2", null, null, null, _start));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task None_is_missed_while_many_nodes_add_at_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        using var reader = Of(store, TimeProvider.System);
        using var done = new CancellationTokenSource();
        var reading = Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    await reader.RefreshAsync(CancellationToken.None);
                }
            },
            TestContext.Current.CancellationToken);

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 200),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken },
            async (at, cancellationToken) =>
            {
                using var node = Of(store, TimeProvider.System);
                await node.AddAsync(RevokedKind.Token, $"t{at}", cancellationToken);
            });
        await done.CancelAsync();
        await reading;
        await reader.RefreshAsync(TestContext.Current.CancellationToken);

        Assert.All(Enumerable.Range(0, 200), at => Assert.True(reader.Contains($"t{at}", null, null, null, _start)));
    }

    private static Revocations Of(TestStore store, TimeProvider clock) =>
        new(store.Services.GetRequiredService<Database>(), store.Settings, clock, NullLogger<Revocations>.Instance);
}
