using System.Text;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>A store on a new, migrated database of either kind; gone when disposed.</summary>
public sealed class TestStore : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Func<ValueTask> _drop;

    private TestStore(StorageSettings settings, Func<ValueTask> drop)
    {
        Settings = settings;
        _services = new ServiceCollection().AddTeleFhirInfrastructure(_ => settings).BuildServiceProvider();
        _drop = drop;
    }

    /// <summary>Both databases, for <c>[MemberData]</c>.</summary>
    public static TheoryData<DatabaseProvider> Providers { get; } = [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    public static Caller Caller { get; } = Caller.System("test");

    public StorageSettings Settings { get; }

    public IServiceProvider Services => _services;

    public IResourceStore Store => _services.GetRequiredService<IResourceStore>();

    public static async Task<TestStore> CreateAsync(DatabaseProvider provider)
    {
        if (provider == DatabaseProvider.PostgreSql)
        {
            var cluster = await PostgresCluster.SharedAsync();
            var template = await cluster.TemplateAsync("migrated", async connectionString =>
            {
                await using var store = new TestStore(
                    new StorageSettings { Provider = provider, ConnectionString = connectionString + ";Pooling=false" }, () => default);
                await store._services.GetRequiredService<IDatabaseSchema>().MigrateAsync(CancellationToken.None);
            });
            var database = await cluster.CreateDatabaseAsync(template);
            return new TestStore(
                new StorageSettings { Provider = provider, ConnectionString = database.ConnectionString }, database.DisposeAsync);
        }

        var folder = Directory.CreateTempSubdirectory("telefhir-test-");
        var sqlite = new TestStore(
            new StorageSettings { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "telefhir.db")}" },
            () =>
            {
                folder.Delete(recursive: true);
                return default;
            });
        await sqlite._services.GetRequiredService<IDatabaseSchema>().MigrateAsync(CancellationToken.None);
        return sqlite;
    }

    public static ResourceContent Content(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return new ResourceContent(FhirJsonDeserializer.SYNTAXONLY.DeserializeResource(json), bytes);
    }

    public Task<CommitResult> CommitAsync(params Change[] changes) =>
        Store.CommitAsync(Caller, new ChangeSet([.. changes], []), TestContext.Current.CancellationToken);

    public async Task<StoredResource> PutAsync(string json)
    {
        var content = Content(json);
        var result = await CommitAsync(new PutChange(KeyOf(content.Resource), content));
        return result.Results[0].Resource!;
    }

    public ValueTask<StoredResource?> ReadAsync(string reference) => Store.ReadAsync(
        Caller, ResourceKey.TryParse(reference, out var key) ? key : default, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _drop();
    }

    private static ResourceKey KeyOf(Resource resource) => new(resource.TypeName, resource.Id!);
}
