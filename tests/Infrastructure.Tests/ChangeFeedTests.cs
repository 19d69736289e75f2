using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Changes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ChangeFeedTests
{
    private const string Amy = """{"resourceType":"Patient","id":"amy","birthDate":"1980-01-01"}""";
    private const string AmyLater = """{"resourceType":"Patient","id":"amy","birthDate":"1981-01-01"}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Every_version_is_told_with_the_one_before_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var follower = new Notes();
        using var feed = Feed(store, follower);
        await store.PutAsync(Amy);
        await feed.RunOnceAsync(Stop);
        await store.PutAsync(AmyLater);
        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/amy")));
        await feed.RunOnceAsync(Stop);

        Assert.Equal(["Patient/amy/1 -", "Patient/amy/2 1", "Patient/amy/3 2"], follower.Told.Select(Line));
        Assert.Contains("1980", Text(follower.Told[1].Previous!), StringComparison.Ordinal);
        Assert.Contains("1981", Text(follower.Told[1].Resource), StringComparison.Ordinal);
        Assert.True(follower.Told[2].Resource.IsDeleted);
        Assert.Contains("1981", Text(follower.Told[2].Previous!), StringComparison.Ordinal);
        Assert.Equal(0, await WaitingAsync(store));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_was_changed_again_meanwhile_is_told_as_it_was(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var follower = new Notes();
        using var feed = Feed(store, follower);
        await store.PutAsync(Amy);
        await Events(store).RaiseAsync("waved", TestStore.KeyOf("Patient/amy"), Stop);
        await Events(store).RaiseAsync("waved", TestStore.KeyOf("Patient/nobody"), Stop);
        await store.PutAsync(AmyLater);
        await feed.RunOnceAsync(Stop);

        Assert.Equal(["Patient/amy/1 -", "Patient/amy/1 - waved", "Patient/amy/2 1"], follower.Told.Select(Line));
        Assert.Contains("1980", Text(follower.Told[1].Resource), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Nobody_is_told_what_nobody_wants(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var follower = new Notes { Type = "Observation" };
        using var feed = Feed(store, follower);
        await store.PutAsync(Amy);
        await store.PutAsync("""{"resourceType":"AuditEvent","id":"a","type":{"code":"rest"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}""");
        await store.PutAsync("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}""");
        await feed.RunOnceAsync(Stop);

        Assert.Equal(["Observation/o/1 -"], follower.Told.Select(Line));
        Assert.Equal(0, await WaitingAsync(store));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_a_follower_cannot_bear_keeps_nothing_else_from_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var follower = new Notes { Unbearable = "Patient/p3" };
        var recorder = new Rows();
        using var feed = new ChangeFeed(
            store.Services.GetRequiredService<Database>(), [follower], [recorder], new ChangeSignal(), NullLogger<ChangeFeed>.Instance);
        foreach (var number in Enumerable.Range(0, 8))
        {
            await store.PutAsync($$"""{"resourceType":"Patient","id":"p{{number}}"}""");
        }

        // It throws for every try, and is told again.
        for (var tries = 0; await WaitingAsync(store) > 0; tries++)
        {
            Assert.True(tries < 100);
            try
            {
                await feed.RunOnceAsync(Stop);
            }
            catch (InvalidOperationException)
            {
            }
        }

        Assert.Equal(
            Enumerable.Range(0, 8).Where(number => number != 3).Select(number => $"Patient/p{number}/1 -"), follower.Told.Select(Line).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(8, await RecordedAsync(store));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_writers_at_once_every_change_is_told_in_the_order_of_versions_and_recorded_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var (follower, recorder) = (new Notes(), new Rows());
        using var here = Feed(store, follower, recorder);
        using var there = Feed(second, follower, recorder);
        using var done = new CancellationTokenSource();
        var feeds = new[] { here, there }.Select(feed => Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    await feed.RunOnceAsync(Stop);
                }
            },
            Stop)).ToList();

        await Task.WhenAll(Enumerable.Range(0, 30).Select(writer => Task.Run(
            async () =>
            {
                var node = writer % 2 == 0 ? store : second;
                for (var round = 0; round < 10; round++)
                {
                    // Two resources of few, in a transaction: transactions wait for each other, and end in another order than they began in.
                    var pair = new[] { (writer + round) % 5, 5 + (writer % 3) };
                    var changes = pair.Select(number => TestStore.Content($$"""{"resourceType":"Patient","id":"p{{number}}","multipleBirthInteger":{{(writer * 100) + round}}}"""))
                        .Select(content => new PutChange(TestStore.KeyOf($"Patient/{content.Resource.Id}"), content));
                    await node.CommitAsync([.. changes]);
                }
            },
            Stop)));
        await done.CancelAsync();
        await Task.WhenAll(feeds);
        await here.RunOnceAsync(Stop);

        Assert.Equal(0, await WaitingAsync(store));
        Assert.Equal(600, await RecordedAsync(store));
        foreach (var resource in follower.Told.GroupBy(change => change.Resource.Key.Id))
        {
            // A feed may be outrun by the other and tell again; what it tells first is in order.
            var versions = resource.Select(change => change.Resource.Key.Version!.Value).Distinct().ToList();
            Assert.Equal(Enumerable.Range(1, versions.Count), versions);
        }
    }

    [Fact]
    public async Task A_change_whose_transaction_ends_late_is_told_late_and_not_left_out()
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.PostgreSql);
        var follower = new Notes();
        using var feed = Feed(store, follower);
        await using var connection = new NpgsqlConnection(store.Settings.ConnectionString);
        await connection.OpenAsync(Stop);
        await store.PutAsync(Amy);
        await feed.RunOnceAsync(Stop);

        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await using var insert = new NpgsqlCommand(
            "INSERT INTO outbox (key, version, method, type, event) SELECT key, version, method, type, 'waved' FROM resource", connection, transaction);
        await insert.ExecuteNonQueryAsync(Stop);
        await store.PutAsync("""{"resourceType":"Patient","id":"ben"}""");
        await feed.RunOnceAsync(Stop);
        await transaction.CommitAsync(Stop);
        await feed.RunOnceAsync(Stop);

        Assert.Equal(["Patient/amy/1 -", "Patient/ben/1 -", "Patient/amy/1 - waved"], follower.Told.Select(Line));
        Assert.True(follower.Told[2].Sequence < follower.Told[1].Sequence);
    }

    [Fact]
    public async Task Of_a_cluster_one_server_tells()
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.PostgreSql);
        await using var second = store.Second();
        var (first, other) = (new Notes(), new Notes());
        await store.PutAsync(Amy);
        await using (await store.Services.GetRequiredService<Database>().TryLeadAsync("change feed", Stop))
        {
            using var waiting = Feed(second, other);
            await waiting.RunOnceAsync(Stop);
        }

        Assert.Empty(other.Told);
        using var feed = Feed(store, first);
        await feed.RunOnceAsync(Stop);
        Assert.Single(first.Told);
    }

    private static ChangeFeed Feed(TestStore store, IChangeFollower follower, params IChangeRecorder[] recorders) =>
        new(store.Services.GetRequiredService<Database>(), [follower], recorders, new ChangeSignal(), NullLogger<ChangeFeed>.Instance);

    private static IChangeEvents Events(TestStore store) => store.Services.GetRequiredService<IChangeEvents>();

    private static string Line(CommittedChange change) => string.Create(
        CultureInfo.InvariantCulture, $"{change.Resource.Key.Type}/{change.Resource.Key.Id}/{change.Resource.Key.Version} {change.Previous?.Key.Version?.ToString(CultureInfo.InvariantCulture) ?? "-"} {change.Event}").TrimEnd();

    private static string Text(StoredResource stored) => System.Text.Encoding.UTF8.GetString(stored.Json.Span);

    private static async Task<int> WaitingAsync(TestStore store)
    {
        await using var db = store.Services.GetRequiredService<Func<TeleFhirDb>>()();
        return await db.Set<OutboxRow>().CountAsync(Stop);
    }

    private static async Task<int> RecordedAsync(TestStore store)
    {
        await using var db = store.Services.GetRequiredService<Func<TeleFhirDb>>()();
        return await db.Set<RevocationRow>().CountAsync(Stop);
    }

    private sealed class Notes : IChangeFollower
    {
        private readonly ConcurrentQueue<CommittedChange> _told = new();

        public string? Type { get; init; }

        public string? Unbearable { get; init; }

        public string Name => "notes";

        public IReadOnlyList<CommittedChange> Told => [.. _told];

        public bool Wants(string type) => Type is null || type == Type;

        public Task FollowAsync(ImmutableArray<CommittedChange> changes, CancellationToken cancellationToken)
        {
            foreach (var change in changes)
            {
                if ($"{change.Resource.Key.Type}/{change.Resource.Key.Id}" == Unbearable)
                {
                    throw new InvalidOperationException("This is too much.");
                }

                _told.Enqueue(change);
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>A row for each change, in a table whose rows number themselves.</summary>
    private sealed class Rows : IChangeRecorder
    {
        public bool Wants(string type) => true;

        public Task RecordAsync(ImmutableArray<CommittedChange> changes, RowBatch rows, CancellationToken cancellationToken)
        {
            rows.Revocations.AddRange(changes.Select(change => new RevocationRow { Kind = 1, Value = Line(change) }));
            return Task.CompletedTask;
        }
    }
}
