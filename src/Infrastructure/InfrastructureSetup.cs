using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure;

/// <summary>The databases that are supported.</summary>
public enum DatabaseProvider
{
    /// <summary>A file of this machine, nothing to install; one server process.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or later; any number of server processes.</summary>
    PostgreSql,
}

/// <summary>Which database to use, and what a search may cost.</summary>
public sealed record StorageSettings
{
    /// <summary>The kind of database.</summary>
    public DatabaseProvider Provider { get; init; }

    /// <summary>The connection string of that kind; for SQLite <c>Data Source=file</c>, whose folder is made where it is missing.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Totals above this are given only when a client asks for them.</summary>
    public int DefaultTotalLimit { get; init; } = 1000;

    /// <summary>The FHIR base as clients see it: a reference to an address under it is a reference to a resource here.</summary>
    public string? PublicBaseUrl { get; init; }
}

/// <summary>The one door to this assembly: registers what implements the ports of the domain.</summary>
public static class InfrastructureSetup
{
    /// <summary>Registers the store and its database as singletons.</summary>
    public static IServiceCollection AddTeleFhirInfrastructure(
        this IServiceCollection services, Func<IServiceProvider, StorageSettings> settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(provider => provider.GetRequiredService<Func<IServiceProvider, StorageSettings>>()(provider));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(SearchParameterCatalog.R4);
        services.AddSingleton<IndexExtractor>();
        services.AddSingleton(provider => new IndexWriter(
            provider.GetRequiredService<SearchParameterCatalog>(),
            provider.GetRequiredService<IndexExtractor>(),
            provider.GetRequiredService<StorageSettings>().PublicBaseUrl));
        services.AddSingleton<KeySequence>();
        services.AddSingleton(provider => Open(provider.GetRequiredService<StorageSettings>()));
        services.AddSingleton(provider => new StoreLimits(provider.GetRequiredService<StorageSettings>().DefaultTotalLimit));
        services.AddSingleton<IResourceStore, ResourceStore>();
        services.AddSingleton<IDatabaseSchema>(provider => new StartupMigrator(Context(provider.GetRequiredService<StorageSettings>())));
        return services;
    }

    private static Database Open(StorageSettings settings) => settings.Provider switch
    {
        DatabaseProvider.PostgreSql => PostgresDatabase.For(settings.ConnectionString),
        _ => new SqliteDatabase(settings.ConnectionString),
    };

    private static Func<TeleFhirDb> Context(StorageSettings settings)
    {
        if (settings.Provider == DatabaseProvider.PostgreSql)
        {
            var postgres = new DbContextOptionsBuilder<PostgresDb>().UseNpgsql(settings.ConnectionString).Options;
            return () => new PostgresDb(postgres);
        }

        var file = new SqliteConnectionStringBuilder(settings.ConnectionString).DataSource;
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var sqlite = new DbContextOptionsBuilder<SqliteDb>()
            .UseSqlite(settings.ConnectionString)
            .ReplaceService<IMigrationsSqlGenerator, ClusteredTables>()
            .Options;
        return () => new SqliteDb(sqlite);
    }
}
