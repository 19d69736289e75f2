using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using TeleFhir.Infrastructure.Async;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Smart;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// The one model of both databases. It owns the schema and its migrations; the hot paths speak SQL to the same tables.
/// Times are ticks and numbers doubles because SQLite compares neither DateTimeOffset nor decimal.
/// </summary>
internal abstract class TeleFhirDb(DbContextOptions options) : DbContext(options)
{
    protected abstract bool IsPostgres { get; }

    public DbSet<ResourceRow> Resources => Set<ResourceRow>();

    public DbSet<ImportRow> Imports => Set<ImportRow>();

    public DbSet<AsyncRequestRow> AsyncRequests => Set<AsyncRequestRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ResourceRow>(resource =>
        {
            resource.ToTable("resource").HasKey(row => row.Key);
            resource.Property(row => row.Key).ValueGeneratedNever();
            resource.Property(row => row.Id).HasMaxLength(64);
            resource.HasIndex(row => row.IdHash).IsUnique().HasDatabaseName("resource_id");
            resource.HasIndex(row => new { row.Type, row.Rank, row.Key }).IsDescending(false, true, true)
                .HasFilter("NOT deleted").HasDatabaseName("resource_timeline");
            resource.HasIndex(row => new { row.Type, row.Updated, row.Key }).HasDatabaseName("resource_updated");
            resource.HasIndex(row => new { row.Type, row.Id }).HasFilter("NOT deleted").HasDatabaseName("resource_order");
        });
        modelBuilder.Entity<HistoryRow>(history =>
        {
            history.ToTable("history").HasKey(row => new { row.Key, row.Version });
            history.HasIndex(row => new { row.Type, row.Updated, row.Key, row.Version }).HasDatabaseName("history_updated");
        });
        modelBuilder.Entity<OutboxRow>(outbox =>
        {
            outbox.ToTable("outbox").HasKey(row => row.Sequence);
            outbox.Property(row => row.Sequence).ValueGeneratedOnAdd();
            outbox.Property(row => row.Event).HasMaxLength(OutboxRow.LongestEvent);
        });
        modelBuilder.Entity<ImportRow>(import =>
        {
            import.ToTable("import").HasKey(row => row.Hash);
            import.Property(row => row.Hash).HasMaxLength(64);
        });
        modelBuilder.Entity<AsyncRequestRow>(request =>
        {
            request.ToTable("async_request").HasKey(row => row.Id);
            request.Property(row => row.Id).HasMaxLength(64);
            request.HasIndex(row => new { row.State, row.Accepted }).HasDatabaseName("async_request_next");
            request.HasIndex(row => new { row.Owner, row.State }).HasDatabaseName("async_request_owner");
        });
        modelBuilder.Entity<ReindexRow>(reindex =>
        {
            reindex.ToTable("reindex").HasKey(row => row.Key);
            reindex.Property(row => row.Key).ValueGeneratedNever();
        });
        modelBuilder.Entity<RevocationRow>(revocation =>
        {
            revocation.ToTable("revocation").HasKey(row => row.Sequence);
            revocation.Property(row => row.Sequence).ValueGeneratedOnAdd();
        });
        Audit(modelBuilder);
        modelBuilder.AddAccounts();
        Index<TokenRow>(modelBuilder, "ix_token", token =>
        {
            Covering(
                token.HasIndex(row => new { row.Param, row.Hash, row.Rank, row.Key }).IsDescending(false, false, true, true)
                    .HasDatabaseName("ix_token_value"),
                row => new { row.System });
            Covering(
                token.HasIndex(row => new { row.Patient, row.Param, row.Hash, row.Rank, row.Key })
                    .IsDescending(false, false, false, true, true)
                    .HasFilter("patient <> 0").HasDatabaseName("ix_token_patient"),
                row => new { row.System });
        });
        modelBuilder.Entity<TokenCodeRow>(code => code.ToTable("token_code").HasKey(row => new { row.Param, row.Code, row.Hash }));
        Index<ReferenceRow>(modelBuilder, "ix_reference", reference =>
            reference.HasIndex(row => new { row.Param, row.Hash, row.Rank, row.Key }).IsDescending(false, false, true, true)
                .HasDatabaseName("ix_reference_value"));
        Index<DateRow>(modelBuilder, "ix_date", date =>
            Covering(date.HasIndex(row => new { row.Param, row.Low, row.Key }).HasDatabaseName("ix_date_value"), row => new { row.High }));
        Index<QuantityRow>(modelBuilder, "ix_quantity", quantity =>
            quantity.HasIndex(row => new { row.Param, row.Value, row.Key }).HasDatabaseName("ix_quantity_value"));
        Index<StringRow>(modelBuilder, "ix_string", text =>
        {
            text.HasIndex(row => new { row.Param, row.Norm, row.Key }).HasDatabaseName("ix_string_value");
        });
        Index<ConsentRuleRow>(modelBuilder, "consent_rule", rule => rule.HasIndex(row => row.Patient).HasDatabaseName("consent_rule_patient"));
        modelBuilder.AddSmart();
        modelBuilder.AddRooms();
        modelBuilder.AddOccupancy();
        modelBuilder.AddVisitLinks();
        modelBuilder.AddReceipts();
        modelBuilder.AddReadings();
        modelBuilder.AddProposals();
        modelBuilder.AddReminders();
        modelBuilder.AddCalendarFeeds();
        modelBuilder.AddSubscriptions();
        modelBuilder.AddBlobs();
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(SnakeCase(property.Name));

            // Text compares byte by byte on both: a prefix is a range of the index, and the order does not hang on the locale.
            if (IsPostgres && property.ClrType == typeof(string))
            {
                property.SetCollation("C");
            }
        }
    }

    /// <summary>Lets an index answer alone, where the database can: the columns ride along without being ordered.</summary>
    protected abstract void Covering<TRow>(IndexBuilder<TRow> index, Expression<Func<TRow, object?>> columns);

    private static void Audit(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<AuditLogRow>(log => log.ToTable("audit_log").HasKey(row => new { row.Chain, row.Sequence }));
        modelBuilder.Entity<AuditChainRow>(chain => chain.ToTable("audit_chain").HasKey(row => row.Chain));
        modelBuilder.Entity<AuditProgressRow>(progress => progress.ToTable("audit_progress").HasKey(row => row.Chain));
        modelBuilder.Entity<AuditIntakeRow>(intake =>
        {
            intake.ToTable("audit_intake").HasKey(row => row.Key);
            intake.Property(row => row.Key).ValueGeneratedNever();
        });
        modelBuilder.Entity<EmergencyAccessRow>(access =>
        {
            access.ToTable("emergency_access").HasKey(row => row.Key);
            access.Property(row => row.Key).ValueGeneratedNever();
            access.HasIndex(row => row.Until).HasDatabaseName("emergency_access_until");
        });
    }

    private static void Index<TRow>(ModelBuilder modelBuilder, string table, Action<EntityTypeBuilder<TRow>> configure)
        where TRow : IndexRow =>
        modelBuilder.Entity<TRow>(entity =>
        {
            entity.ToTable(table).HasKey(row => new { row.Key, row.Param, row.Ordinal });
            configure(entity);
        });

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}")).ToLowerInvariant();
}
