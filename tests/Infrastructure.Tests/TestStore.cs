using System.Text;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Terminology;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>A store on a new, migrated database of either kind; gone when disposed.</summary>
public sealed class TestStore : IAsyncDisposable
{
    /// <summary>The address of the server as its clients see it.</summary>
    public const string Base = "https://fhir.example.org/r4";

    private readonly ServiceProvider _services;
    private readonly DirectoryInfo _blobs = Directory.CreateTempSubdirectory("telefhir-test-blobs-");
    private readonly SearchQueryParser _parser;
    private readonly PageToken _tokens = new(new byte[32]);
    private readonly Func<ValueTask> _drop;

    private TestStore(StorageSettings settings, TimeProvider? clock, Func<ValueTask> drop, StoreLimits? limits = null)
    {
        Settings = settings;
        var services = new ServiceCollection().AddLogging().AddTeleFhirInfrastructure(_ => settings)
            .AddSingleton<ITerminology, Vocabulary>();
        services.AddSingleton(_ => new BlobStoreSettings { Folder = _blobs.FullName });
        if (clock is not null)
        {
            services.AddSingleton(clock);
        }

        if (limits is not null)
        {
            services.AddSingleton(limits);
        }

        _services = services.BuildServiceProvider();
        _parser = new SearchQueryParser(_services.GetRequiredService<SearchParameterCatalog>(), new SearchLimits { IndexesContent = settings.IndexContent }, Base, clock ?? TimeProvider.System);
        _drop = drop;
    }

    /// <summary>Both databases, for <c>[MemberData]</c>.</summary>
    public static TheoryData<DatabaseProvider> Providers { get; } = [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    public static Caller Caller { get; } = Caller.System("test");

    public StorageSettings Settings { get; }

    public IServiceProvider Services => _services;

    public IResourceStore Store => _services.GetRequiredService<IResourceStore>();

    public static async Task<TestStore> CreateAsync(DatabaseProvider provider, int totalLimit = 1000, TimeProvider? clock = null)
    {
        if (provider == DatabaseProvider.PostgreSql)
        {
            var cluster = await PostgresCluster.SharedAsync();
            var template = await cluster.TemplateAsync("migrated", async connectionString =>
            {
                await using var store = new TestStore(
                    SettingsOf(provider, connectionString + ";Pooling=false", totalLimit), clock: null, () => default);
                await store._services.GetRequiredService<IDatabaseSchema>().MigrateAsync(CancellationToken.None);
            });
            var database = await cluster.CreateDatabaseAsync(template);
            return new TestStore(SettingsOf(provider, database.ConnectionString, totalLimit), clock, database.DisposeAsync);
        }

        var folder = Directory.CreateTempSubdirectory("telefhir-test-");
        var sqlite = new TestStore(
            SettingsOf(provider, $"Data Source={Path.Combine(folder.FullName, "telefhir.db")}", totalLimit),
            clock,
            () =>
            {
                folder.Delete(recursive: true);
                return default;
            });
        await sqlite._services.GetRequiredService<IDatabaseSchema>().MigrateAsync(CancellationToken.None);
        return sqlite;
    }

    /// <summary>Another server process, in effect, on the same database. To be disposed before this one.</summary>
    public TestStore Second(TimeProvider? clock = null) => new(Settings, clock, () => default);

    /// <summary>The same, where sorted searches walk an index however few the matches are.</summary>
    public TestStore Walking() => new(Settings, clock: null, () => default, new StoreLimits(SortLimit: 0));

    /// <summary>The same, where a page that may end early does so after so many candidates.</summary>
    public TestStore Ending(int walkLimit, int sortLimit = 0, TimeProvider? clock = null) =>
        new(Settings, clock, () => default, new StoreLimits(SortLimit: sortLimit, WalkLimit: walkLimit));

    /// <summary>The same, where references must lead somewhere.</summary>
    public TestStore Enforcing() => new(Settings, clock: null, () => default, new StoreLimits(EnforcesReferences: true));

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

    public ValueTask<StoredResource?> ReadAsync(string reference) =>
        Store.ReadAsync(Caller, KeyOf(reference), TestContext.Current.CancellationToken);

    public static ResourceKey KeyOf(string reference) =>
        ResourceKey.TryParse(reference, out var key) ? key : throw new ArgumentException(reference, nameof(reference));

    /// <summary>A search as <c>Type?name=value&amp;...</c>, without encoding; without a type it is one of the system.</summary>
    public SearchQuery Parse(string search)
    {
        var sign = search.IndexOf('?', StringComparison.Ordinal);
        var pairs = search[(sign + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2));
        return _parser.Parse(
            sign == 0 ? [] : [search[..sign]], pairs.Select(pair => new KeyValuePair<string, string>(pair[0], pair[1])), strict: true);
    }

    public Task<SearchPage> SearchAsync(SearchQuery query) =>
        Store.SearchAsync(Caller, query, TestContext.Current.CancellationToken);

    public Task<SearchPage> SearchAsync(string search) => SearchAsync(Parse(search));

    /// <summary>The search that the next link of a page leads to, by way of the link's token.</summary>
    public SearchQuery After(SearchQuery query, SearchPage page) => _parser.Parse(_tokens.Decode(_tokens.Encode(query, page.Next!)));

    /// <summary>The ids of the first page in order.</summary>
    public async Task<string[]> IdsAsync(string search) => [.. (await SearchAsync(search)).Matches.Select(match => match.Key.Id)];

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _blobs.Delete(recursive: true);
        await _drop();
    }

    private static StorageSettings SettingsOf(DatabaseProvider provider, string connectionString, int totalLimit) => new()
    {
        Provider = provider,
        ConnectionString = connectionString,
        DefaultTotalLimit = totalLimit,
        IndexContent = true,
        PublicBaseUrl = Base,
    };

    private static ResourceKey KeyOf(Resource resource) => new(resource.TypeName, resource.Id!);
}
