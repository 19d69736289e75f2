using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Async;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Access;
using TeleFhir.Infrastructure.Async;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Changes;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Search;
using TeleFhir.Infrastructure.Smart;
using TeleFhir.Infrastructure.StoreAndForward;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure;

/// <summary>The one door to this assembly: registers what implements the ports of the domain.</summary>
public static class InfrastructureSetup
{
    /// <summary>Registers the store and its database as singletons.</summary>
    public static IServiceCollection AddTeleFhirInfrastructure(
        this IServiceCollection services, Func<IServiceProvider, StorageSettings> settings)
    {
        services.AddLogging();
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(_ => SearchParameterCatalog.Extensible());
        services.AddSingleton<IndexExtractor>();
        services.AddSingleton(provider => new IndexWriter(
            provider.GetRequiredService<SearchParameterCatalog>(),
            provider.GetRequiredService<IndexExtractor>(),
            provider.GetRequiredService<StorageSettings>().PublicBaseUrl,
            provider.GetRequiredService<StorageSettings>().IndexContent));
        services.AddSingleton<KeySequence>();
        services.AddSingleton(provider => Open(provider.GetRequiredService<StorageSettings>()));
        services.AddSingleton<GroupCommit>();
        services.AddSingleton(provider => VisibilityOf(
            provider.GetRequiredService<StorageSettings>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BookingSettings>().Canonicals));
        services.AddSingleton<CallerSights>();
        services.AddSingleton(provider => new StoreLimits(
            provider.GetRequiredService<StorageSettings>().DefaultTotalLimit,
            EnforcesReferences: provider.GetRequiredService<StorageSettings>().EnforceReferences));

        // What is in value sets is itself read from the store: each asks for the other when it is needed.
        services.AddSingleton<Func<ITerminology?>>(provider => provider.GetService<ITerminology>);
        services.TryAddSingleton(new BookingSettings(new Canonicals(Canonicals.Default)));
        services.TryAddSingleton(provider => new VisitSettings(provider.GetRequiredService<BookingSettings>().Canonicals, OriginOf(provider)));
        services.AddSingleton<VisitRules>();
        services.AddSingleton(provider => new ExchangeRules(provider.GetRequiredService<IndexWriter>(), provider.GetRequiredService<BookingSettings>().Canonicals));
        services.TryAddSingleton(provider => new MonitoringSettings(provider.GetRequiredService<BookingSettings>().Canonicals));
        services.AddSingleton<ReadingFacts>();
        services.AddSingleton<IReadingActivity, ReadingActivity>();
        services.AddSingleton<ChangeSignal>();
        services.AddSingleton<IChangeEvents, ChangeEvents>();
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<ChangeFeed>());
        services.AddSingleton<Receipts>();
        services.AddSingleton<IReceipts>(provider => provider.GetRequiredService<Receipts>());
        services.AddSingleton<ITakenTimes, TakenTimes>();
        services.AddSingleton<IResourceStore, ResourceStore>();
        services.AddSingleton<IObservationCodes, ObservationCodes>();
        services.AddSingleton<IConsistencyCheck, ConsistencyCheck>();
        services.AddSingleton<IImportLog, ImportLog>();
        services.AddSingleton<IAsyncRequests, AsyncRequests>();
        services.AddSingleton<Reindexing>();
        services.AddSingleton<IReindexing>(provider => provider.GetRequiredService<Reindexing>());
        services.AddHostedService(provider => provider.GetRequiredService<Reindexing>());
        services.AddSingleton<Revocations>();
        services.AddSingleton<IRevocations>(provider => provider.GetRequiredService<Revocations>());
        services.AddHostedService(provider => provider.GetRequiredService<Revocations>());
        services.AddSingleton<AuditChain>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<IAuditTrail>(provider => provider.GetRequiredService<AuditTrail>());
        services.AddSingleton<AuditEventWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditEventWriter>());
        services.AddSingleton<IAuditVerifier, AuditVerifier>();
        services.AddSingleton<EmergencyAccess>();
        services.AddSingleton<IEmergencyAccess>(provider => provider.GetRequiredService<EmergencyAccess>());
        services.AddHostedService(provider => provider.GetRequiredService<EmergencyAccess>());
        services.AddSingleton<IDatabaseSchema>(provider => new StartupMigrator(provider.GetRequiredService<Func<TeleFhirDb>>()));
        services.AddSingleton(provider => Context(provider.GetRequiredService<StorageSettings>()));
        services.AddSmartStores();
        services.AddAccounts();
        services.AddRooms();
        services.AddProposals();
        services.AddFrontDesk();
        services.AddSubscriptions();
        services.AddBinaries();
        return services;
    }

    private static string OriginOf(IServiceProvider provider) =>
        new Uri(provider.GetRequiredService<StorageSettings>().PublicBaseUrl ?? "http://localhost").GetLeftPart(UriPartial.Authority);

    private static Visibility VisibilityOf(StorageSettings settings, TimeProvider clock, Canonicals canonicals) => new(
        SearchParameterCatalog.R4,
        new SearchQueryParser(SearchParameterCatalog.R4, new SearchLimits(), settings.PublicBaseUrl ?? "", clock),
        settings.UserPolicy,
        clock,
        canonicals);

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
