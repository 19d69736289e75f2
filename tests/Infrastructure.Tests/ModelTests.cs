using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Visits;
using IMigrator = Microsoft.EntityFrameworkCore.Migrations.IMigrator;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>The model, its migrations, the databases they make and the statements written by hand speak of one schema.</summary>
public sealed class ModelTests
{
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public void Migrations_are_up_to_date(DatabaseProvider provider)
    {
        using var db = Context(provider);
        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public void What_commits_write_is_what_the_model_has(DatabaseProvider provider)
    {
        using var db = Context(provider);
        AssertColumns<ResourceRow>(db, Tables.Resource);
        AssertColumns<HistoryRow>(db, Tables.History);
        AssertColumns<OutboxRow>(db, Tables.Outbox, "sequence");
        AssertColumns<RevocationRow>(db, Tables.Revocation, "sequence");
        AssertColumns<AuditLogRow>(db, Tables.AuditLog);
        AssertColumns<AuditChainRow>(db, Tables.AuditChain);
        AssertColumns<AuditProgressRow>(db, Tables.AuditProgress);
        AssertColumns<AuditIntakeRow>(db, Tables.AuditIntake);
        AssertColumns<EmergencyAccessRow>(db, Tables.EmergencyAccess);
        AssertColumns<TokenRow>(db, Tables.Token);
        AssertColumns<TokenCodeRow>(db, Tables.TokenCode);
        AssertColumns<ReferenceRow>(db, Tables.Reference);
        AssertColumns<DateRow>(db, Tables.Date);
        AssertColumns<QuantityRow>(db, Tables.Quantity);
        AssertColumns<StringRow>(db, Tables.String);
        AssertColumns<OccupancyRow>(db, OccupancyTable.Table);
        AssertColumns<ReminderRow>(db, ReminderTable.Table);
        AssertColumns<ReadingRow>(db, ReadingTable.Table);
    }

    [Fact]
    public async Task Both_databases_have_the_same_tables_columns_and_indexes()
    {
        await using var sqlite = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        await using var postgres = await TestStore.CreateAsync(DatabaseProvider.PostgreSql);
        var here = WithoutWords(await SqliteSchemaAsync(sqlite.Settings.ConnectionString));
        var there = WithoutWords(await PostgresSchemaAsync(postgres.Settings.ConnectionString));

        // What SQLite's one writer looks for before it writes, PostgreSQL holds by a constraint.
        Assert.Equal(1, there.RemoveAll(line => line.StartsWith("occupancy(occupancy_exclusive)", StringComparison.Ordinal)));
        Assert.Equal(here, there);
        Assert.Contains("ix_token.rank", here);
        Assert.Contains("ix_token(ix_token_value) param hash rank key", here);
        Assert.Contains("ix_token(primary key) key param ordinal", here);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Codes_from_before_their_order_was_kept_are_put_in_order(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync("""{"resourceType":"Patient","id":"a","gender":"male"}""");
        await store.PutAsync("""{"resourceType":"Patient","id":"b","gender":"female"}""");
        await using var db = Context(provider, store.Settings.ConnectionString);
        await db.GetService<IMigrator>().MigrateAsync("ReindexingAndAsyncRequests", TestContext.Current.CancellationToken);
        await db.GetService<IMigrator>().MigrateAsync(cancellationToken: TestContext.Current.CancellationToken);

        await using var walking = store.Walking();
        Assert.Equal(["b", "a"], await walking.IdsAsync("Patient?_sort=gender"));
    }

    [Fact]
    public async Task A_database_that_is_behind_says_so()
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        var schema = new StartupMigrator(() => Context(DatabaseProvider.Sqlite, store.Settings.ConnectionString));
        Assert.True(await schema.IsReadyAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await schema.MigrateAsync(TestContext.Current.CancellationToken));
        await using var db = Context(DatabaseProvider.Sqlite, store.Settings.ConnectionString);
        await db.Database.ExecuteSqlRawAsync("DELETE FROM __EFMigrationsHistory", TestContext.Current.CancellationToken);
        Assert.False(await schema.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The timeline has no rows of its own, so nothing else may read them.</summary>
    [Fact]
    public void No_parameter_reads_the_rows_of_a_timeline()
    {
        foreach (var type in ResourceCatalog.Types)
        {
            var parameters = SearchParameterCatalog.R4.For(type);
            foreach (var timeline in parameters.Where(parameter => parameter.IsTimeline))
            {
                Assert.Equal([new IndexSource(timeline.Id)], timeline.Sources);
                Assert.DoesNotContain(parameters, parameter => parameter != timeline
                    && (parameter.Sources.Concat(parameter.Components.SelectMany(part => part.Sources)))
                        .Any(source => source.ParameterId == timeline.Id));
            }
        }
    }

    // Each database has a full-text index of its own kind, outside the model.
    private static List<string> WithoutWords(IEnumerable<string> schema) => [.. schema.Where(line =>
        !line.StartsWith(FullText.Narrative, StringComparison.Ordinal) && !line.StartsWith(FullText.Content, StringComparison.Ordinal))];

    private static TeleFhirDb Context(DatabaseProvider provider, string? connectionString = null) => provider == DatabaseProvider.PostgreSql
        ? new PostgresDb(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql(connectionString ?? "Host=localhost").Options)
        : new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite(connectionString ?? "Data Source=:memory:").Options);

    private static void AssertColumns<TRow>(TeleFhirDb db, Table<TRow> table, params string[] generated)
        where TRow : class
    {
        var entity = db.Model.FindEntityType(typeof(TRow))!;
        var name = StoreObjectIdentifier.Table(table.Name);
        Assert.Equal(table.Name, entity.GetTableName());
        Assert.Equal(
            entity.GetProperties().Select(property => property.GetColumnName(name)!).Except(generated).Order(StringComparer.Ordinal),
            table.Columns.Select(column => column.Name).Order(StringComparer.Ordinal));

        // Each column takes the value of its own property.
        var row = Activator.CreateInstance<TRow>();
        foreach (var property in entity.GetProperties().Where(property => !generated.Contains(property.GetColumnName(name))))
        {
            object value = Type.GetTypeCode(property.ClrType) switch
            {
                TypeCode.Int64 => 7_000_000_000L,
                TypeCode.Int32 => 70_000,
                TypeCode.Int16 => (short)7,
                TypeCode.Double => 7.5,
                TypeCode.Boolean => true,
                TypeCode.String => "seven",
                _ => (byte[])[7],
            };
            var before = Values(table, row);
            property.PropertyInfo!.SetValue(row, value);
            var changed = Values(table, row).Where(now => !Equals(before[now.Key], now.Value)).ToList();
            Assert.Equal([KeyValuePair.Create(property.GetColumnName(name)!, value)], changed);
        }
    }

    private static Dictionary<string, object> Values<TRow>(Table<TRow> table, TRow row) =>
        table.Columns.ToDictionary(column => column.Name, column => column.ValueOf(row));

    private static async Task<List<string>> SqliteSchemaAsync(string connectionString)
    {
        await using var connection = new SqliteConnection(connectionString + ";Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'
            UNION SELECT i.tbl_name || '(' || i.name || ') ' || (SELECT group_concat(name, ' ' ORDER BY seqno) FROM pragma_index_info(i.name))
                FROM sqlite_schema i WHERE i.type = 'index' AND i.sql IS NOT NULL
            UNION SELECT t.name || '(primary key) ' || (SELECT group_concat(name, ' ' ORDER BY pk) FROM pragma_table_info(t.name) WHERE pk > 0)
                FROM sqlite_schema t WHERE t.type = 'table'
            """;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        return await LinesAsync(reader);
    }

    private static async Task<List<string>> PostgresSchemaAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c WHERE c.table_schema = 'public'
            UNION SELECT t.relname || '(' || CASE WHEN i.indisprimary THEN 'primary key' ELSE x.relname END || ') '
                    || (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a
                        WHERE a.attrelid = i.indexrelid AND a.attnum <= i.indnkeyatts)
                FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
                WHERE t.relnamespace = 'public'::regnamespace
            """;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        return await LinesAsync(reader);
    }

    // The history of migrations and what SQLite keeps for itself are not ours.
    private static async Task<List<string>> LinesAsync(System.Data.Common.DbDataReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            if (!reader.IsDBNull(0) && !reader.GetString(0).StartsWith("__EF", StringComparison.Ordinal)
                && !reader.GetString(0).StartsWith("sqlite_", StringComparison.Ordinal))
            {
                lines.Add(reader.GetString(0));
            }
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }
}
