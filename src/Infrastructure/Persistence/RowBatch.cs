using NpgsqlTypes;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>All rows that one commit writes, by table.</summary>
internal sealed class RowBatch
{
    /// <summary>Rows of resources that were not there.</summary>
    public List<ResourceRow> NewResources { get; } = [];

    /// <summary>Rows that take the place of the stored ones with the same key.</summary>
    public List<ResourceRow> ChangedResources { get; } = [];

    public List<HistoryRow> History { get; } = [];

    public List<OutboxRow> Outbox { get; } = [];

    public List<TokenRow> Tokens { get; } = [];

    public List<ReferenceRow> References { get; } = [];

    public List<DateRow> Dates { get; } = [];

    public List<QuantityRow> Quantities { get; } = [];

    public List<StringRow> Strings { get; } = [];

    public List<ConsentRuleRow> ConsentRules { get; } = [];

    /// <summary>Progress of imports; takes the place of what is stored.</summary>
    public List<ImportRow> Imports { get; } = [];

    /// <summary>Words of narratives.</summary>
    public List<WordsRow> Narratives { get; } = [];

    /// <summary>Words of whole resources.</summary>
    public List<WordsRow> Contents { get; } = [];

    /// <summary>Progress of indexes; takes the place of what is stored.</summary>
    public List<ReindexRow> Reindexes { get; } = [];

    public List<RevocationRow> Revocations { get; } = [];

    public List<AuditIntakeRow> AuditIntake { get; } = [];

    public List<AuditLogRow> AuditLog { get; } = [];

    /// <summary>Ends of chains; they take the place of what is stored.</summary>
    public List<AuditChainRow> AuditChains { get; } = [];

    /// <summary>Takes the place of what is stored.</summary>
    public List<AuditProgressRow> AuditProgress { get; } = [];

    /// <summary>New grants and ended ones; they take the place of what is stored.</summary>
    public List<EmergencyAccessRow> EmergencyAccess { get; } = [];

    /// <summary>Receipts; they take the place of those that are not known any more.</summary>
    public List<ReceiptRow> Receipts { get; } = [];

    /// <summary>Time that is taken from now on.</summary>
    public List<OccupancyRow> Occupancy { get; } = [];

    /// <summary>Storage keys of what gives back the time that it had.</summary>
    public List<long> Vacated { get; } = [];

    /// <summary>Reminders to be sent.</summary>
    public List<ReminderRow> Reminders { get; } = [];

    /// <summary>Ids of Appointments whose reminders are not to be sent, but for those written here.</summary>
    public List<string> Unreminded { get; } = [];

    /// <summary>What Subscriptions ask for; it takes the place of what is stored.</summary>
    public List<SubscriptionRow> Subscriptions { get; } = [];

    /// <summary>Ids of Subscriptions of which all is forgotten.</summary>
    public List<string> Unsubscribed { get; } = [];

    /// <summary>Where there is none yet.</summary>
    public List<SubscriptionDeliveryRow> SubscriptionDeliveries { get; } = [];

    /// <summary>They take the place of what is stored.</summary>
    public List<SubscriptionFeedRow> SubscriptionFeeds { get; } = [];

    public List<SubscriptionEventRow> SubscriptionEvents { get; } = [];

    /// <summary>Contents of files that resources have from now on.</summary>
    public List<BlobRow> Blobs { get; } = [];

    /// <summary>Names of readings, none of which may be there: of two who write one, one fails.</summary>
    public List<ReadingRow> Readings { get; } = [];

    /// <summary>Names of readings that are written in the plain way, where they may be there already.</summary>
    public List<ReadingRow> NotedReadings { get; } = [];

    /// <summary>Whether an Observation of a device is among the resources.</summary>
    public bool HasReadings { get; set; }

    /// <summary>Links of visits; they take the place of what is stored.</summary>
    public List<VisitLinkRow> Links { get; } = [];

    /// <summary>Storage keys of what has no link any more.</summary>
    public List<long> Unlinked { get; } = [];

    public bool IsEmpty =>
        NewResources.Count == 0 && ChangedResources.Count == 0 && Subscriptions.Count == 0 && Links.Count == 0 && Unlinked.Count == 0 && Occupancy.Count == 0 && Vacated.Count == 0;

    /// <summary>Takes the rows of another batch in behind its own.</summary>
    public void Add(RowBatch other)
    {
        NewResources.AddRange(other.NewResources);
        ChangedResources.AddRange(other.ChangedResources);
        History.AddRange(other.History);
        Outbox.AddRange(other.Outbox);
        Tokens.AddRange(other.Tokens);
        References.AddRange(other.References);
        Dates.AddRange(other.Dates);
        Quantities.AddRange(other.Quantities);
        Strings.AddRange(other.Strings);
        ConsentRules.AddRange(other.ConsentRules);
        Narratives.AddRange(other.Narratives);
        Contents.AddRange(other.Contents);
        Imports.AddRange(other.Imports);
        AuditIntake.AddRange(other.AuditIntake);
        Blobs.AddRange(other.Blobs);
        Readings.AddRange(other.Readings);
        NotedReadings.AddRange(other.NotedReadings);
    }
}

/// <summary>A table and its columns as both databases write them.</summary>
internal sealed class Table<TRow>(string name, params Column<TRow>[] columns)
{
    public string Name { get; } = name;

    public IReadOnlyList<Column<TRow>> Columns { get; } = columns;

    public string ColumnNames { get; } = string.Join(", ", columns.Select(column => column.Name));
}

/// <summary>A column and how to take its value from a row.</summary>
internal abstract class Column<TRow>(string name, NpgsqlDbType type)
{
    public string Name { get; } = name;

    public NpgsqlDbType Type { get; } = type;

    public abstract object ValueOf(TRow row);

    public abstract Array ValuesOf(IReadOnlyList<TRow> rows);
}

internal sealed class Column<TRow, T>(string name, NpgsqlDbType type, Func<TRow, T> value) : Column<TRow>(name, type)
{
    public override object ValueOf(TRow row) => value(row) ?? (object)DBNull.Value;

    public override Array ValuesOf(IReadOnlyList<TRow> rows)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(rows[i]);
        }

        return values;
    }
}

/// <summary>The tables that commits write. Names and order are those of the model; a test holds the two together.</summary>
internal static class Tables
{
    public static readonly Table<ResourceRow> Resource = new(
        "resource",
        new Column<ResourceRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<ResourceRow, long>("id_hash", NpgsqlDbType.Bigint, row => row.IdHash),
        new Column<ResourceRow, short>("type", NpgsqlDbType.Smallint, row => row.Type),
        new Column<ResourceRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<ResourceRow, int>("version", NpgsqlDbType.Integer, row => row.Version),
        new Column<ResourceRow, bool>("deleted", NpgsqlDbType.Boolean, row => row.Deleted),
        new Column<ResourceRow, long>("updated", NpgsqlDbType.Bigint, row => row.Updated),
        new Column<ResourceRow, short>("method", NpgsqlDbType.Smallint, row => row.Method),
        new Column<ResourceRow, long>("rank", NpgsqlDbType.Bigint, row => row.Rank),
        new Column<ResourceRow, long>("rank_high", NpgsqlDbType.Bigint, row => row.RankHigh),
        new Column<ResourceRow, long>("patient", NpgsqlDbType.Bigint, row => row.Patient),
        new Column<ResourceRow, byte[]>("raw", NpgsqlDbType.Bytea, row => row.Raw));

    public static readonly Table<HistoryRow> History = new(
        "history",
        new Column<HistoryRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<HistoryRow, int>("version", NpgsqlDbType.Integer, row => row.Version),
        new Column<HistoryRow, short>("type", NpgsqlDbType.Smallint, row => row.Type),
        new Column<HistoryRow, long>("updated", NpgsqlDbType.Bigint, row => row.Updated),
        new Column<HistoryRow, short>("method", NpgsqlDbType.Smallint, row => row.Method),
        new Column<HistoryRow, byte[]>("raw", NpgsqlDbType.Bytea, row => row.Raw));

    public static readonly Table<OutboxRow> Outbox = new(
        "outbox",
        new Column<OutboxRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<OutboxRow, int>("version", NpgsqlDbType.Integer, row => row.Version),
        new Column<OutboxRow, short>("method", NpgsqlDbType.Smallint, row => row.Method),
        new Column<OutboxRow, short>("type", NpgsqlDbType.Smallint, row => row.Type),
        new Column<OutboxRow, string>("event", NpgsqlDbType.Text, row => row.Event));

    public static readonly Table<ImportRow> Import = new(
        "import",
        new Column<ImportRow, string>("hash", NpgsqlDbType.Text, row => row.Hash),
        new Column<ImportRow, int>("done", NpgsqlDbType.Integer, row => row.Done));

    public static readonly Table<ReindexRow> Reindex = new(
        "reindex",
        new Column<ReindexRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<ReindexRow, int>("version", NpgsqlDbType.Integer, row => row.Version),
        new Column<ReindexRow, string>("code", NpgsqlDbType.Text, row => row.Code),
        new Column<ReindexRow, string>("types", NpgsqlDbType.Text, row => row.Types),
        new Column<ReindexRow, short>("state", NpgsqlDbType.Smallint, row => row.State),
        new Column<ReindexRow, long>("done", NpgsqlDbType.Bigint, row => row.Done),
        new Column<ReindexRow, long>("indexed", NpgsqlDbType.Bigint, row => row.Indexed),
        new Column<ReindexRow, string>("note", NpgsqlDbType.Text, row => row.Note));

    public static readonly Table<RevocationRow> Revocation = new(
        "revocation",
        new Column<RevocationRow, short>("kind", NpgsqlDbType.Smallint, row => row.Kind),
        new Column<RevocationRow, string>("value", NpgsqlDbType.Text, row => row.Value),
        new Column<RevocationRow, long>("revoked", NpgsqlDbType.Bigint, row => row.Revoked),
        new Column<RevocationRow, long>("expires", NpgsqlDbType.Bigint, row => row.Expires));

    public static readonly Table<AuditLogRow> AuditLog = new(
        "audit_log",
        new Column<AuditLogRow, string>("chain", NpgsqlDbType.Text, row => row.Chain),
        new Column<AuditLogRow, long>("sequence", NpgsqlDbType.Bigint, row => row.Sequence),
        new Column<AuditLogRow, int>("entries", NpgsqlDbType.Integer, row => row.Entries),
        new Column<AuditLogRow, long>("recorded", NpgsqlDbType.Bigint, row => row.Recorded),
        new Column<AuditLogRow, byte[]>("payload", NpgsqlDbType.Bytea, row => row.Payload),
        new Column<AuditLogRow, byte[]>("hash", NpgsqlDbType.Bytea, row => row.Hash));

    public static readonly Table<AuditChainRow> AuditChain = new(
        "audit_chain",
        new Column<AuditChainRow, string>("chain", NpgsqlDbType.Text, row => row.Chain),
        new Column<AuditChainRow, long>("next", NpgsqlDbType.Bigint, row => row.Next),
        new Column<AuditChainRow, byte[]>("hash", NpgsqlDbType.Bytea, row => row.Hash),
        new Column<AuditChainRow, long>("updated", NpgsqlDbType.Bigint, row => row.Updated));

    public static readonly Table<AuditProgressRow> AuditProgress = new(
        "audit_progress",
        new Column<AuditProgressRow, string>("chain", NpgsqlDbType.Text, row => row.Chain),
        new Column<AuditProgressRow, long>("done", NpgsqlDbType.Bigint, row => row.Done));

    public static readonly Table<AuditIntakeRow> AuditIntake = new(
        "audit_intake",
        new Column<AuditIntakeRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<AuditIntakeRow, long>("recorded", NpgsqlDbType.Bigint, row => row.Recorded),
        new Column<AuditIntakeRow, byte[]>("payload", NpgsqlDbType.Bytea, row => row.Payload));

    public static readonly Table<EmergencyAccessRow> EmergencyAccess = new(
        "emergency_access",
        new Column<EmergencyAccessRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<EmergencyAccessRow, string>("user_id", NpgsqlDbType.Text, row => row.UserId),
        new Column<EmergencyAccessRow, string>("patient", NpgsqlDbType.Text, row => row.Patient),
        new Column<EmergencyAccessRow, string>("reason", NpgsqlDbType.Text, row => row.Reason),
        new Column<EmergencyAccessRow, long>("granted", NpgsqlDbType.Bigint, row => row.Granted),
        new Column<EmergencyAccessRow, long>("until", NpgsqlDbType.Bigint, row => row.Until));

    public static readonly Table<TokenRow> Token = Index<TokenRow>(
        "ix_token",
        new Column<TokenRow, long>("hash", NpgsqlDbType.Bigint, row => row.Hash),
        new Column<TokenRow, long>("system", NpgsqlDbType.Bigint, row => row.System),
        new Column<TokenRow, long>("rank", NpgsqlDbType.Bigint, row => row.Rank),
        new Column<TokenRow, long>("patient", NpgsqlDbType.Bigint, row => row.Patient),
        new Column<TokenRow, string>("code", NpgsqlDbType.Text, row => row.Code));

    public static readonly Table<TokenCodeRow> TokenCode = new(
        "token_code",
        new Column<TokenCodeRow, int>("param", NpgsqlDbType.Integer, row => row.Param),
        new Column<TokenCodeRow, string>("code", NpgsqlDbType.Text, row => row.Code),
        new Column<TokenCodeRow, long>("hash", NpgsqlDbType.Bigint, row => row.Hash));

    public static readonly Table<ReferenceRow> Reference = Index<ReferenceRow>(
        "ix_reference",
        new Column<ReferenceRow, long>("hash", NpgsqlDbType.Bigint, row => row.Hash),
        new Column<ReferenceRow, short>("target_type", NpgsqlDbType.Smallint, row => row.TargetType),
        new Column<ReferenceRow, long>("rank", NpgsqlDbType.Bigint, row => row.Rank));

    public static readonly Table<DateRow> Date = Index<DateRow>(
        "ix_date",
        new Column<DateRow, long>("low", NpgsqlDbType.Bigint, row => row.Low),
        new Column<DateRow, long>("high", NpgsqlDbType.Bigint, row => row.High));

    public static readonly Table<QuantityRow> Quantity = Index<QuantityRow>(
        "ix_quantity",
        new Column<QuantityRow, double>("value", NpgsqlDbType.Double, row => row.Value),
        new Column<QuantityRow, long>("system", NpgsqlDbType.Bigint, row => row.System),
        new Column<QuantityRow, long>("code", NpgsqlDbType.Bigint, row => row.Code),
        new Column<QuantityRow, long>("unit", NpgsqlDbType.Bigint, row => row.Unit));

    public static readonly Table<StringRow> String = Index<StringRow>(
        "ix_string",
        new Column<StringRow, string>("norm", NpgsqlDbType.Text, row => row.Norm),
        new Column<StringRow, string?>("rest", NpgsqlDbType.Text, row => row.Rest),
        new Column<StringRow, string>("text", NpgsqlDbType.Text, row => row.Text));

    public static readonly Table<ConsentRuleRow> ConsentRule = Index<ConsentRuleRow>(
        "consent_rule",
        new Column<ConsentRuleRow, long>("patient", NpgsqlDbType.Bigint, row => row.Patient),
        new Column<ConsentRuleRow, long>("actor", NpgsqlDbType.Bigint, row => row.Actor),
        new Column<ConsentRuleRow, short>("type", NpgsqlDbType.Smallint, row => row.Type),
        new Column<ConsentRuleRow, long>("starts", NpgsqlDbType.Bigint, row => row.Starts),
        new Column<ConsentRuleRow, long>("ends", NpgsqlDbType.Bigint, row => row.Ends));

    /// <summary>The tables that hold index rows of a resource, by its key.</summary>
    public static readonly IReadOnlyList<string> OfIndex =
        [Token.Name, Reference.Name, Date.Name, Quantity.Name, String.Name, ConsentRule.Name];

    private static Table<TRow> Index<TRow>(string name, params Column<TRow>[] columns)
        where TRow : IndexRow => new(
        name,
        [
            new Column<TRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
            new Column<TRow, int>("param", NpgsqlDbType.Integer, row => row.Param),
            new Column<TRow, short>("ordinal", NpgsqlDbType.Smallint, row => row.Ordinal),
            new Column<TRow, short>("item", NpgsqlDbType.Smallint, row => row.Item),
            .. columns,
        ]);
}
