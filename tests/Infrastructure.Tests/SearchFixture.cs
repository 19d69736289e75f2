using System.Collections.Concurrent;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>One filled store for each database, filled when a test first asks; tests only read from it.</summary>
public abstract class FilledStores : IAsyncLifetime
{
    private readonly ConcurrentDictionary<DatabaseProvider, Lazy<Task<TestStore>>> _stores = [];

    public Task<TestStore> StoreAsync(DatabaseProvider provider) =>
        _stores.GetOrAdd(provider, _ => new Lazy<Task<TestStore>>(() => FillAsync(provider))).Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores.Values.Where(store => store.IsValueCreated && store.Value.IsCompletedSuccessfully))
        {
            await (await store.Value).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task<TestStore> FillAsync(DatabaseProvider provider);

    /// <summary>A new store with these resources.</summary>
    protected static async Task<TestStore> WithAsync(DatabaseProvider provider, IEnumerable<string> resources, TimeProvider? clock = null)
    {
        var store = await TestStore.CreateAsync(provider, clock: clock);
        foreach (var json in resources)
        {
            await store.PutAsync(json);
        }

        return store;
    }
}

/// <summary>Stores of <see cref="SearchData"/>.</summary>
public sealed class SearchFixture : FilledStores
{
    protected override async Task<TestStore> FillAsync(DatabaseProvider provider)
    {
        var clock = new SetClock(SearchData.FirstWritten);
        var store = await TestStore.CreateAsync(provider, clock: clock);
        foreach (var json in SearchData.Resources)
        {
            await store.PutAsync(json);
            clock.Now += TimeSpan.FromMinutes(1);
        }

        foreach (var reference in SearchData.Deleted)
        {
            await store.CommitAsync(new DeleteChange(TestStore.KeyOf(reference)));
        }

        return store;
    }
}

/// <summary>A clock that stands still unless it is set; timers run as ever.</summary>
public sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
