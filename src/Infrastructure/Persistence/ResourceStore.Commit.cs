using System.Collections.Immutable;
using System.Globalization;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Scheduling;
using TeleFhir.Infrastructure.StoreAndForward;
using TeleFhir.Infrastructure.Subscriptions;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>The one write path.</summary>
internal sealed partial class ResourceStore
{
    private const int MostTries = 20;
    private static readonly short _auditEvent = ResourceCatalog.NumberOf("AuditEvent");

    /// <inheritdoc />
    public async Task<CommitResult> CommitAsync(Caller caller, ChangeSet changes, CancellationToken cancellationToken)
    {
        foreach (var change in changes.Changes)
        {
            var interaction = changes.Needs ?? change switch
            {
                CreateChange => Interaction.Create,
                PutChange or PatchChange => Interaction.Update,
                _ => Interaction.Delete,
            };
            caller.Demand(interaction, change.Key.Type);
            RefuseAuditEventChange(caller, change);
        }

        var kept = new List<BinaryContent>();
        try
        {
            var ready = await contents.PutAwayAsync(changes, key => CurrentAsync(caller, key, cancellationToken), kept, cancellationToken);
            var result = await CommitReadyAsync(caller, ready, cancellationToken);
            var written = ContentsOf(ready, result);
            written.ForEach(contents.Settle);
            await DiscardAsync(kept.Except(written));
            return result;
        }
        catch
        {
            await DiscardAsync(kept);
            throw;
        }
    }

    private async Task<CommitResult> CommitReadyAsync(Caller caller, ChangeSet changes, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                // Who is outrun again and again patches with the row locked, where nobody can.
                var made = tries <= TriesBefore ? await PatchAsync(caller, changes, cancellationToken) : changes;
                var (result, entry, intake) = await TryCommitAsync(caller, made, cancellationToken);
                signal.Set();
                await RecordAsync(entry, intake, cancellationToken);
                return result;
            }
            catch (Exception exception) when (exception is OutrunException or NameTakenException || database.IsRace(exception))
            {
                if (tries == MostTries)
                {
                    throw FhirException.Conflict("Others keep changing the same resources; try again.");
                }

                // Losers of one race do not start the next one together. This is time for the machine, whatever the clock says.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 * tries)), cancellationToken);
            }
        }
    }

    /// <summary>The contents of the Binaries that were written.</summary>
    private static List<BinaryContent> ContentsOf(ChangeSet changes, CommitResult result) =>
    [
        .. result.Results.Take(changes.Changes.Length)
            .Where(change => change is { Outcome: ChangeOutcome.Created or ChangeOutcome.Updated, Resource.Key.Type: "Binary" })
            .Select(change => BinaryContent.Of(change.Resource!.Json)).OfType<BinaryContent>(),
    ];

    private async Task DiscardAsync(IEnumerable<BinaryContent> left)
    {
        foreach (var content in left)
        {
            await contents.DiscardAsync(content);
        }
    }

    /// <summary>The current version so far as the caller may know of it.</summary>
    private async Task<StoredResource?> CurrentAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return (await FindAsync(session, sights.Of(caller, Interaction.Update, key.Type).Row, key, cancellationToken))?.Resource;
    }

    /// <summary>The current version where the caller may read it, in the transaction that writes.</summary>
    private async Task<StoredResource?> SeenAsync(Session session, Caller caller, ResourceKey key, CancellationToken cancellationToken) =>
        caller.May(Interaction.Read, key.Type)
            ? (await FindAsync(session, sights.Of(caller, Interaction.Read, key.Type).Row, key, cancellationToken))?.Resource
            : null;

    /// <summary>Throws 412 unless If-Match holds for the current version, which is null where there is none.</summary>
    private static void DemandMatch(Change change, int? version)
    {
        if (!change.IfMatch.IsEmpty && (version is null || !(change.IfMatch.Contains(0) || change.IfMatch.Contains(version.Value))))
        {
            throw FhirException.PreconditionFailed(
                $"If-Match: the current version of {change.Key} is {version?.ToString(CultureInfo.InvariantCulture) ?? "none"}.", change.Source);
        }
    }

    /// <summary>Throws where what is current is not what the change was made for.</summary>
    private static void DemandPreconditions(Change change, ResourceRow? stored)
    {
        var current = stored is { Deleted: false } ? stored.Version : (int?)null;
        DemandMatch(change, current);
        if (change is PutChange { Basis: { } basis } && current != basis)
        {
            throw new OutrunException();
        }

        if (change is PutChange { MustNotExist: true } && current is not null)
        {
            throw FhirException.PreconditionFailed($"If-None-Match: {change.Key} exists.", change.Source);
        }
    }

    private async Task<(CommitResult Result, AuditEntry? Entry, AuditIntakeRow? Intake)> TryCommitAsync(
        Caller caller, ChangeSet changes, CancellationToken cancellationToken)
    {
        var now = Now();
        if (changes.IsEach)
        {
            return await AppendEachAsync(caller, changes, now, cancellationToken);
        }

        if (changes.Expectations.IsEmpty && changes.Receipt is null && !limits.EnforcesReferences
            && changes.Changes.All(change => change is CreateChange { IfMatch.IsEmpty: true } && !SubscriptionWrites.Concerns(change))
            && !ExchangeRules.DependsOnStored(changes) && rules.Create(caller, changes, now) is { } creates)
        {
            exchange.CheckCreates(caller, creates);
            return await AppendAsync(caller, creates, now, cancellationToken);
        }

        rules.PrepareLinks(changes);
        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        if (changes.Receipt is { } receipt)
        {
            await session.LockAsync([$"receipt {receipt.Key}"], cancellationToken);
            if (await Receipts.FindAsync(session, receipt.Key, now, cancellationToken) is not null)
            {
                return (new CommitResult(CommitStatus.Repeated, []), null, null);
            }
        }

        if (!changes.Expectations.IsEmpty)
        {
            await session.LockAsync(changes.Expectations.Select(expectation => expectation.Guard), cancellationToken);
            foreach (var expectation in changes.Expectations)
            {
                if (!await StillHoldsAsync(session, caller, expectation, cancellationToken))
                {
                    return (new CommitResult(CommitStatus.ConditionChanged, []), null, null);
                }
            }
        }

        var hashes = changes.Changes
            .Where(change => change is not CreateChange)
            .Select(change => StorageHash.OfReference(change.Key.Type, change.Key.Id))
            .ToList();
        var stored = hashes.Count == 0 ? [] : await session.LoadForUpdateAsync(hashes, cancellationToken);
        ResourceKey? withheld = null;
        if (!caller.IsUnrestricted)
        {
            (stored, withheld) = await KnownAsync(session, caller, changes, stored, cancellationToken);
        }

        foreach (var change in changes.Changes)
        {
            DemandPreconditions(change, stored.GetValueOrDefault(StorageHash.OfReference(change.Key.Type, change.Key.Id)));
        }

        // Rules lock and see more than the caller does: what they load is none of the caller's.
        var locked = new Dictionary<long, ResourceRow>(stored);
        (changes, var kept) = await subscriptions.ApplyAsync(session, caller, changes, stored, now, cancellationToken);
        var exchanged = await exchange.ApplyAsync(caller, changes, stored, key => SeenAsync(session, caller, key, cancellationToken));
        var ruled = await rules.ApplyAsync(session, caller, exchanged, locked, now, cancellationToken);
        var batch = new RowBatch();
        var results = Apply(batch, ruled.Changes, stored, now);
        SubscriptionWrites.Keep(batch, ruled.Changes, kept, results);
        if (!caller.IsUnrestricted)
        {
            await DemandReachAsync(session, caller, changes, batch, cancellationToken);
        }

        if (withheld is { } key)
        {
            throw FhirException.NotFound($"{key} does not exist.");
        }

        if (batch.HasReadings && caller.Kind != CallerKind.System)
        {
            await readings.DemandAsync(
                session, ruled.Changes, name => stored.GetValueOrDefault(StorageHash.OfReference(name.Type, name.Id))?.Stored(), now, cancellationToken);
        }

        if (changes.Receipt is not null)
        {
            batch.Receipts.Add(Receipts.Row(changes.Receipt, results, now));
        }

        var whole = changes with { Changes = [.. ruled.Changes.Changes, .. ruled.Followers] };
        results = results.AddRange(Apply(batch, whole with { Changes = ruled.Followers }, locked, now));
        Occupy(batch, ruled.Occupancy, locked);
        Remind(batch, ruled.Reminders);
        Link(batch, ruled.Links, locked);
        if (limits.EnforcesReferences)
        {
            await DemandTargetsAsync(session, caller, batch, locked, cancellationToken);
            await DemandUnreferencedAsync(session, batch, cancellationToken);
        }

        var entry = EntryOf(whole, results, locked, changes.Changes.Length);
        var intake = Enter(batch, entry);
        if (!batch.IsEmpty)
        {
            await session.CommitAsync(batch, cancellationToken);
        }

        return (new CommitResult(CommitStatus.Committed, results), entry, intake);
    }

    /// <summary>Writes what is new and depends on nothing stored, together with whoever else does.</summary>
    private async Task<(CommitResult Result, AuditEntry? Entry, AuditIntakeRow? Intake)> AppendAsync(
        Caller caller, ChangeSet changes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var batch = new RowBatch();
        var results = Apply(batch, changes, [], now);
        if (!caller.IsUnrestricted)
        {
            await using var reading = await database.OpenAsync(cancellationToken);
            await DemandReachAsync(reading, caller, changes, batch, cancellationToken);
        }

        if (batch.HasReadings && caller.Kind != CallerKind.System)
        {
            await using var reading = await database.OpenAsync(cancellationToken);
            await readings.DemandAsync(reading, changes, _ => null, now, cancellationToken);
        }

        var entry = EntryOf(changes, results, new Dictionary<long, ResourceRow>(), changes.Changes.Length);
        var intake = Enter(batch, entry);
        if (!batch.IsEmpty)
        {
            await appends.CommitAsync(batch, cancellationToken);
        }

        return (new CommitResult(CommitStatus.Committed, results), entry, intake);
    }

    /// <summary>The time as it is stored: whole milliseconds.</summary>
    private DateTimeOffset Now() => Moment.Whole(clock.GetUtcNow());

    /// <summary>Rows for the time that Appointments and Slots take from now on, in the place of those that they had; also where nothing else of them has changed.</summary>
    private static void Occupy(RowBatch batch, IReadOnlyDictionary<ResourceKey, IReadOnlyList<OccupancyEntry>> occupancy, Dictionary<long, ResourceRow> stored)
    {
        foreach (var (key, entries) in occupancy)
        {
            if (RowOf(batch, key, stored) is { } row)
            {
                batch.Vacated.Add(row.Key);
                batch.Occupancy.AddRange(entries.Select(entry => OccupancyRows.Row(row.Key, entry)));
            }
        }
    }

    private static ResourceRow? RowOf(RowBatch batch, ResourceKey key, Dictionary<long, ResourceRow> stored)
    {
        var hash = StorageHash.OfReference(key.Type, key.Id);
        return batch.NewResources.Find(row => row.IdHash == hash) ?? batch.ChangedResources.Find(row => row.IdHash == hash) ?? stored.GetValueOrDefault(hash);
    }

    /// <summary>Reminders that take the place of those still to be sent of their Appointments.</summary>
    private static void Remind(RowBatch batch, IReadOnlyDictionary<ResourceKey, IReadOnlyList<Reminder>> reminders)
    {
        batch.Unreminded.AddRange(reminders.Keys.Select(key => key.Id));
        batch.Reminders.AddRange(reminders.Values.SelectMany(planned => planned).Select(ReminderRow.Of));
    }

    /// <summary>Links of visits, also where nothing else of what they belong to has changed.</summary>
    private static void Link(RowBatch batch, IReadOnlyDictionary<ResourceKey, string?> links, Dictionary<long, ResourceRow> stored)
    {
        foreach (var (key, link) in links)
        {
            if (RowOf(batch, key, stored) is not { } row)
            {
                continue;
            }

            if (link is null)
            {
                batch.Unlinked.Add(row.Key);
            }
            else
            {
                batch.Links.Add(new VisitLinkRow { Key = row.Key, Sealed = link });
            }
        }
    }

    private ImmutableArray<ChangeResult> Apply(RowBatch batch, ChangeSet changes, Dictionary<long, ResourceRow> stored, DateTimeOffset now)
    {
        var results = ImmutableArray.CreateBuilder<ChangeResult>(changes.Changes.Length);
        foreach (var change in changes.Changes)
        {
            var idHash = StorageHash.OfReference(change.Key.Type, change.Key.Id);
            results.Add(Apply(batch, change, idHash, stored.GetValueOrDefault(idHash), now.UtcTicks));
        }

        return results.MoveToImmutable();
    }

    private async Task<bool> StillHoldsAsync(Session session, Caller caller, Expectation expectation, CancellationToken cancellationToken)
    {
        var (condition, matched) = (expectation.Condition, expectation.MatchedIds);
        if (!matched.IsEmpty && matched.Length == condition.Count)
        {
            // No more were asked for, so others may match too; these still must.
            var id = catalog.Find(condition.Types[0], "_id")!;
            var these = new ValueCriterion(id, SearchModifier.None, [.. matched.Select(value => new TokenSearchValue(null, value))]);
            condition = condition with { Criteria = condition.Criteria.Add(these) };
        }

        var ids = await MatchIdsAsync(session, caller, condition, matched.Length + 1, cancellationToken);
        return ids.ToHashSet(StringComparer.Ordinal).SetEquals(matched);
    }

    private ChangeResult Apply(RowBatch batch, Change change, long idHash, ResourceRow? stored, long now)
    {
        return change switch
        {
            DeleteChange when stored is not { Deleted: false } => new ChangeResult(ChangeOutcome.Unchanged, stored?.Stored()),
            DeleteChange => Delete(batch, stored!, now),
            PatchChange when stored is null => throw FhirException.NotFound($"{change.Key} does not exist."),
            PatchChange when stored.Deleted => throw FhirException.Gone(change.Key, stored.Stored().ETag),
            PatchChange patch => Put(batch, patch.Key, patch.Apply(stored.Stored()), VersionMethod.Put, idHash, stored, now),
            CreateChange create => Put(batch, create.Key, create.Content, VersionMethod.Post, idHash, stored: null, now),
            PutChange put => Put(batch, put.Key, put.Content, VersionMethod.Put, idHash, stored, now),
            _ => throw new NotSupportedException(change.GetType().Name),
        };
    }

    private ChangeResult Put(
        RowBatch batch, ResourceKey key, ResourceContent content, VersionMethod method, long idHash, ResourceRow? stored, long now)
    {
        var updated = Math.Max(now, stored?.Updated ?? 0);
        var version = (stored?.Version ?? 0) + 1;
        var raw = FhirJson.Stamp(content.Json.Span, key.Id, version, new DateTimeOffset(updated, TimeSpan.Zero));
        if (stored is { Deleted: false } && FhirJson.EqualsIgnoringVersion(raw, stored.Raw))
        {
            return new ChangeResult(ChangeOutcome.Unchanged, stored.Stored());
        }

        var row = new ResourceRow
        {
            Key = stored?.Key ?? keys.Next(),
            IdHash = idHash,
            Type = ResourceCatalog.NumberOf(key.Type),
            Id = key.Id,
            Version = version,
            Updated = updated,
            Method = (short)method,
            Raw = raw,
        };

        // A POST comes with no id or with one that is not kept; a patient's own id is indexed.
        content.Resource.Id = key.Id;
        indexWriter.Write(batch, row, content.Resource);
        if (key.Type == "Binary" && BinaryContent.Of(content.Json) is { } kept)
        {
            batch.Blobs.Add(new BlobRow { Name = kept.Blob, Key = row.Key });
        }

        if (content.Resource is Hl7.Fhir.Model.Observation { Device: not null })
        {
            batch.HasReadings = true;
            NoteReading(batch, row, content.Resource);
        }

        (stored is null ? batch.NewResources : batch.ChangedResources).Add(row);
        Record(batch, row, stored);
        return new ChangeResult(stored is { Deleted: false } ? ChangeOutcome.Updated : ChangeOutcome.Created, row.Stored());
    }

    private static ChangeResult Delete(RowBatch batch, ResourceRow stored, long now)
    {
        var row = new ResourceRow
        {
            Key = stored.Key,
            IdHash = stored.IdHash,
            Type = stored.Type,
            Id = stored.Id,
            Version = stored.Version + 1,
            Deleted = true,
            Updated = Math.Max(now, stored.Updated),
            Method = (short)VersionMethod.Delete,
        };
        batch.ChangedResources.Add(row);
        Record(batch, row, stored);
        return new ChangeResult(ChangeOutcome.Deleted, row.Stored());
    }

    private static void Record(RowBatch batch, ResourceRow row, ResourceRow? replaced)
    {
        if (replaced is not null)
        {
            batch.History.Add(new HistoryRow
            {
                Key = replaced.Key,
                Version = replaced.Version,
                Type = replaced.Type,
                Updated = replaced.Updated,
                Method = replaced.Method,
                Raw = replaced.Raw,
            });
        }

        // AuditEvents follow the log, and are most of what is written.
        if (row.Type != _auditEvent)
        {
            batch.Outbox.Add(new OutboxRow { Key = row.Key, Version = row.Version, Method = row.Method, Type = row.Type });
        }
    }
}
