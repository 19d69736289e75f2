using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>What a restricted caller sees of versions, and which content it may write over and write.</summary>
internal sealed partial class ResourceStore
{
    /// <summary>Versions read at a time when each must be judged by itself.</summary>
    private const int VersionsAtOnce = 200;

    /// <summary>A page may come out short, even empty, rather than cost more than this many reads.</summary>
    private const int MostReads = 20;

    /// <summary>A version is judged by its own content, a deletion by what was deleted.</summary>
    private async Task<bool> IsSeenAsync(
        Session session, ImmutableArray<Criterion> visible, long key, StoredResource version, CancellationToken cancellationToken)
    {
        var content = version.IsDeleted
            ? await VersionAsync(session, key, version.Key, (version.Key.Version ?? 0) - 1, cancellationToken)
            : version;
        return content is not null && await JudgeAsync(session, visible, key, content.Key, content.Json, cancellationToken);
    }

    private async Task<bool> JudgeAsync(
        Session session, ImmutableArray<Criterion> visible, long key, ResourceKey name, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        if (json.IsEmpty)
        {
            return false;
        }

        var row = new ResourceRow { Key = key, Id = name.Id, IdHash = StorageHash.OfReference(name.Type, name.Id) };
        var rows = new RowBatch();
        indexWriter.Write(rows, row, FhirJson.Parse(json));
        return await new RowJudge(database, session, row, rows).HoldAsync(visible, cancellationToken);
    }

    /// <summary>
    /// A history of what the caller sees. There is no total, which would count what is withheld; a page may hold fewer versions than asked
    /// for although there is a next one.
    /// </summary>
    private async Task<HistoryPage> SeenHistoryAsync(
        Session session, Caller caller, HistoryQuery query, long? key, Visible visible, CancellationToken cancellationToken)
    {
        var types = ResourceCatalog.Types.Where(type => caller.May(Interaction.HistoryType, type)).ToList();
        var seen = ImmutableArray.CreateBuilder<StoredResource>();
        var wanted = query.Count == 0 ? limits.TotalLimit : query.Count;
        var (after, last) = (query.After, query.After);
        for (var reads = 0; reads < MostReads && (key is not null || query.Type is not null || types.Count > 0); reads++)
        {
            var sql = new HistorySql(query with { After = after }, key, types).Page(VersionsAtOnce);
            var rows = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Stored: row.ReadStored()), cancellationToken);
            foreach (var (storageKey, version) in rows)
            {
                after = CursorOf(storageKey, version);
                if (!await IsSeenAsync(session, visible(version.Key.Type), storageKey, version, cancellationToken))
                {
                    continue;
                }

                if (seen.Count == wanted)
                {
                    // Only now is it known that there is more for this caller, and not just more.
                    return Page(last);
                }

                seen.Add(version);
                last = after;
            }

            if (rows.Count < VersionsAtOnce)
            {
                after = null;
                break;
            }
        }

        return Page(after);

        HistoryPage Page(HistoryCursor? next) => query.Count == 0
            ? new HistoryPage([], next is null ? seen.Count : null, null)
            : new HistoryPage(seen.ToImmutable(), next is null && query.After is null ? seen.Count : null, next);
    }

    /// <summary>
    /// What is stored, so far as the caller may know of it: what is withheld is to every condition and to a deletion as if it had never been.
    /// Of an update of it the key is given too, to be refused once all else has been judged.
    /// </summary>
    private async Task<(Dictionary<long, ResourceRow> Known, ResourceKey? Withheld)> KnownAsync(
        Session session, Caller caller, ChangeSet changes, Dictionary<long, ResourceRow> stored, CancellationToken cancellationToken)
    {
        var known = new Dictionary<long, ResourceRow>();
        ResourceKey? withheld = null;
        foreach (var change in changes.Changes)
        {
            var hash = StorageHash.OfReference(change.Key.Type, change.Key.Id);
            if (change is CreateChange)
            {
                continue;
            }

            var interaction = changes.Needs ?? (change is DeleteChange ? Interaction.Delete : Interaction.Update);
            var visible = visibility.Of(caller, interaction, change.Key.Type);
            if (Visibility.IsNothing(visible))
            {
                throw FhirException.Forbidden($"This caller may not do {interaction} on {change.Key.Type}.");
            }

            if (!stored.TryGetValue(hash, out var row))
            {
                continue;
            }

            if (visible.IsEmpty || await IsSeenAsync(session, visible, row.Key, row.Stored(), cancellationToken))
            {
                known[hash] = row;
            }
            else if (change is not DeleteChange)
            {
                withheld ??= change.Key;
            }
        }

        return (known, withheld);
    }

    /// <summary>Throws 403 unless all that is about to be written is within the caller's reach.</summary>
    private async Task DemandReachAsync(Session session, Caller caller, ChangeSet changes, RowBatch batch, CancellationToken cancellationToken)
    {
        foreach (var row in batch.NewResources.Concat(batch.ChangedResources).Where(row => !row.Deleted))
        {
            var type = ResourceCatalog.NameOf(row.Type);
            var created = changes.Changes.Any(change => change is CreateChange && change.Key.Id == row.Id && change.Key.Type == type);
            var visible = visibility.Of(caller, changes.Needs ?? (created ? Interaction.Create : Interaction.Update), type);
            if (!await new RowJudge(database, session, row, batch).HoldAsync(visible, cancellationToken))
            {
                throw FhirException.Forbidden($"The content of this {type} is outside what this caller may write.");
            }
        }
    }
}
