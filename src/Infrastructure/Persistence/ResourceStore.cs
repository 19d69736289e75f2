using System.Data.Common;
using System.Globalization;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Changes;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.StoreAndForward;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Stored resources on either database. This part reads; commits and searches are in files of their own.</summary>
internal sealed partial class ResourceStore(
    Database database,
    GroupCommit appends,
    SearchParameterCatalog catalog,
    IndexWriter indexWriter,
    KeySequence keys,
    StoreLimits limits,
    Visibility visibility,
    CallerSights sights,
    AuditTrail trail,
    Func<ITerminology?> terminology,
    VisitRules rules,
    SubscriptionWrites subscriptions,
    BinaryContents contents,
    ExchangeRules exchange,
    ReadingFacts readings,
    ChangeSignal signal,
    TimeProvider clock) : IResourceStore
{
    /// <inheritdoc />
    public async ValueTask<StoredResource?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
    {
        var interaction = key.Version is null ? Interaction.Read : Interaction.VersionRead;
        caller.Demand(interaction, key.Type);
        await using var session = await database.OpenAsync(cancellationToken);
        var sight = sights.Of(caller, interaction, key.Type);
        if (await FindAsync(session, key.Version is null ? sight.Row : CurrentRow.Any, key, cancellationToken) is not { } found)
        {
            return null;
        }

        var version = key.Version is not { } wanted || found.Resource.Key.Version == wanted
            ? found.Resource
            : await VersionAsync(session, found.Key, key, wanted, cancellationToken);
        var isJudged = sight.Visible.IsEmpty || (key.Version is null && !found.Resource.IsDeleted);
        return isJudged || (version is not null && await IsSeenAsync(session, sight.Visible, found.Key, version, cancellationToken)) ? version : null;
    }

    /// <inheritdoc />
    public async Task<HistoryPage> HistoryAsync(Caller caller, HistoryQuery query, CancellationToken cancellationToken)
    {
        var interaction = query switch
        {
            { Id: not null } => Interaction.HistoryInstance,
            { Type: not null } => Interaction.HistoryType,
            _ => Interaction.HistorySystem,
        };
        caller.Demand(interaction);
        if (query.Type is not null)
        {
            caller.Demand(interaction, query.Type);
        }

        await using var session = await database.OpenAsync(cancellationToken);
        long? key = null;
        if (query is { Type: { } type, Id: { } id })
        {
            var found = await FindAsync(session, CurrentRow.Any, new ResourceKey(type, id), cancellationToken)
                ?? throw FhirException.NotFound($"{type}/{id} does not exist.");
            key = found.Key;
        }

        return SightOf(caller, interaction) is { } visible
            ? await SeenHistoryAsync(session, caller, query, key, visible, cancellationToken)
            : await WholeHistoryAsync(session, query, key, cancellationToken);
    }

    private async Task<HistoryPage> WholeHistoryAsync(Session session, HistoryQuery query, long? key, CancellationToken cancellationToken)
    {
        var history = new HistorySql(query, key, ResourceCatalog.Types);
        var rows = query.Count == 0
            ? []
            : await session.QueryAsync(history.Page(query.Count + 1), row => (Key: row.GetInt64(0), Stored: row.ReadStored()), cancellationToken);
        var more = rows.Count > query.Count;
        var entries = rows.Take(query.Count).ToList();
        var total = !more && query.After is null && query.Count > 0
            ? entries.Count
            : (await session.QueryAsync(history.Total(query.Count == 0 ? null : limits.TotalLimit + 1), row => row.GetInt64(0), cancellationToken))[0];
        return new HistoryPage(
            [.. entries.Select(entry => entry.Stored)],
            query.Count > 0 && total > limits.TotalLimit ? null : total,
            more ? CursorOf(entries[^1].Key, entries[^1].Stored) : null);
    }

    private static HistoryCursor CursorOf(long key, StoredResource version) => new(version.LastUpdated.Ticks, key, version.Key.Version ?? 0);

    /// <summary>The current row; one that the statement withholds is not found.</summary>
    private static ValueTask<(long Key, StoredResource Resource)?> FindAsync(
        Session session, Statement statement, ResourceKey key, CancellationToken cancellationToken) => session.FindAsync(
            statement,
            StorageHash.OfReference(key.Type, key.Id),
            row => ((long, StoredResource)?)(row.GetInt64(4), Version(key, row)),
            cancellationToken);

    /// <summary>From the columns version, updated, method and raw.</summary>
    private static StoredResource Version(ResourceKey key, DbDataReader row) => new(
        new ResourceKey(key.Type, key.Id, row.GetInt32(0)),
        new DateTimeOffset(row.GetInt64(1), TimeSpan.Zero),
        (VersionMethod)row.GetInt16(2),
        row.GetFieldValue<byte[]>(3));

    private static async Task<StoredResource?> VersionAsync(
        Session session, long storageKey, ResourceKey key, int version, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT h.version, h.updated, h.method, h.raw FROM history h WHERE h.key = {sql.Value(storageKey)} AND h.version = {sql.Value(version)}");
        var old = await session.QueryAsync(sql, row => Version(key, row), cancellationToken);
        return old.SingleOrDefault();
    }
}

/// <summary>What a search may cost and a write must keep, from configuration.</summary>
/// <param name="TotalLimit">Totals above this are given only when asked for.</param>
/// <param name="IncludeLimit">How many resources one include may bring.</param>
/// <param name="SortLimit">Up to so many matches are gathered and sorted; of more the index of the first sort key is walked.</param>
/// <param name="EnforcesReferences">Whether references must lead to resources that are there, and stay so.</param>
/// <param name="WalkLimit">A page that may end early does so when it has looked at so many candidates.</param>
internal sealed record StoreLimits(
    int TotalLimit = 1000, int IncludeLimit = 1000, int SortLimit = 20_000, bool EnforcesReferences = false, int WalkLimit = 20_000);

/// <summary>The SQL of a history request: versions from the table of current ones and the table of old ones, as one order.</summary>
/// <param name="query">The request.</param>
/// <param name="key">The storage key of the one resource it is about, or null.</param>
/// <param name="types">The types of a history of everything.</param>
internal sealed class HistorySql(HistoryQuery query, long? key, IReadOnlyList<string> types)
{
    public SqlText Page(int limit)
    {
        var sql = new SqlText();
        var order = query.OldestFirst ? "updated, key, version" : "updated DESC, key DESC, version DESC";
        sql.Append($"SELECT v.key, v.type, r.id, v.version, v.updated, v.method, v.raw FROM (");
        Union(sql, "key, type, version, updated, method, raw", order, limit);
        sql.Append($") v JOIN resource r ON r.key = v.key ORDER BY v.{order.Replace(", ", ", v.", StringComparison.Ordinal)}")
            .Append(string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}"));
        return sql;
    }

    public SqlText Total(int? limit)
    {
        var sql = new SqlText();
        sql.Append("SELECT count(*) FROM (");
        Union(sql, "key", order: null, limit);
        if (limit is not null)
        {
            sql.Append(string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}"));
        }

        return sql.Append(") v");
    }

    /// <summary>One ordered, limited branch per table and type: each reads a range of its index and no more.</summary>
    private void Union(SqlText sql, string columns, string? order, int? limit)
    {
        IEnumerable<short?> numbers = key is not null ? [null]
            : query.Type is { } type ? [ResourceCatalog.NumberOf(type)]
            : types.Select(name => (short?)ResourceCatalog.NumberOf(name));
        var first = true;
        foreach (var number in numbers)
        {
            foreach (var table in (string[])["resource", "history"])
            {
                sql.Append(first ? "" : " UNION ALL ").Append($"SELECT * FROM (SELECT {columns} FROM {table} t WHERE ");
                Where(sql, number);
                sql.Append(order is null || order.Length == 0 ? "" : $" ORDER BY {order}");
                sql.Append(limit is null ? "" : string.Create(CultureInfo.InvariantCulture, $" LIMIT {limit}"))
                    .Append(string.Create(CultureInfo.InvariantCulture, $") {table[0]}{number}"));
                first = false;
            }
        }
    }

    private void Where(SqlText sql, short? type)
    {
        sql.Append(key is { } k ? $"t.key = {sql.Value(k)}" : $"t.type = {sql.Value(type!.Value)}");
        if (query.Since is { } since)
        {
            sql.Append($" AND t.updated >= {sql.Value(since.UtcTicks)}");
        }

        if (query.Before is { } before)
        {
            sql.Append($" AND t.updated < {sql.Value(before.UtcTicks)}");
        }

        if (query.At is { } at)
        {
            // Current in the range: made before it ends and not replaced before it begins.
            var low = sql.Value(at.Low);
            sql.Append($" AND t.updated < {sql.Value(at.High)}")
                .Append($" AND NOT EXISTS (SELECT 1 FROM history n WHERE n.key = t.key AND n.version = t.version + 1 AND n.updated <= {low})")
                .Append($" AND NOT EXISTS (SELECT 1 FROM resource n WHERE n.key = t.key AND n.version = t.version + 1 AND n.updated <= {low})");
        }

        if (query.After is { } after)
        {
            sql.Append($" AND (t.updated, t.key, t.version) {(query.OldestFirst ? ">" : "<")} ")
                .Append($"({sql.Value(after.Updated)}, {sql.Value(after.Key)}, {sql.Value(after.Version)})");
        }
    }
}
