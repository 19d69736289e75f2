using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Bench.Stores;

/// <summary>The product's store on a database of its own, gone when disposed.</summary>
internal sealed class BenchStore : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Func<ValueTask> _drop;

    private BenchStore(StorageSettings settings, Func<ValueTask> drop)
    {
        Settings = settings;
        _services = new ServiceCollection().AddTeleFhirInfrastructure(_ => settings).BuildServiceProvider();
        _drop = drop;
    }

    public static Caller Caller { get; } = Caller.System("bench");

    public static SearchQueryParser Parser { get; } =
        new(SearchParameterCatalog.R4, new SearchLimits(), "http://localhost/fhir", TimeProvider.System);

    public StorageSettings Settings { get; }

    public bool IsPostgres => Settings.Provider == DatabaseProvider.PostgreSql;

    public IResourceStore Store => _services.GetRequiredService<IResourceStore>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>A server that keeps every commit, with the memory that one for a small clinic would have.</summary>
    public static Task<PostgresCluster> StartPostgresAsync() => PostgresCluster.StartAsync(
        durable: true,
        "-c shared_buffers=2GB -c effective_cache_size=12GB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c checkpoint_timeout=15min");

    /// <summary>On PostgreSQL where there is a server, else on SQLite.</summary>
    public static async Task<BenchStore> CreateAsync(PostgresCluster? cluster)
    {
        BenchStore store;
        if (cluster is not null)
        {
            var database = await cluster.CreateDatabaseAsync();
            store = new(
                new StorageSettings { Provider = DatabaseProvider.PostgreSql, ConnectionString = database.ConnectionString },
                database.DisposeAsync);
        }
        else
        {
            var folder = Directory.CreateTempSubdirectory("telefhir-bench-");
            store = new(
                new StorageSettings { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "telefhir.db")}" },
                () =>
                {
                    folder.Delete(recursive: true);
                    return default;
                });
        }

        await store.Get<IDatabaseSchema>().MigrateAsync(CancellationToken.None);
        return store;
    }

    /// <summary>A second store on the same database, with more in the connection string.</summary>
    public BenchStore With(string options) => new(Settings with { ConnectionString = $"{Settings.ConnectionString};{options}" }, () => default);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _drop();
    }
}
