using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>
/// What every write of a Subscription must keep, by whatever way it comes. It runs inside the transaction that writes, on rows that are locked,
/// and what the Subscription asks for is written there too.
/// </summary>
internal sealed class SubscriptionWrites(SubscriptionRules rules, SubscriptionSettings settings)
{
    /// <summary>Whether a change falls under the rules.</summary>
    public static bool Concerns(Change change) => change.Key.Type == "Subscription";

    /// <summary>Judges and completes a change set. Throws what forbids it.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="caller">Who writes.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="stored">The rows they are of, locked.</param>
    /// <param name="now">The time of the transaction.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>The changes, and for each Subscription among them what is kept of it; its versions are set by <see cref="Keep"/>.</returns>
    public async Task<(ChangeSet Changes, IReadOnlyDictionary<ResourceKey, SubscriptionRow> Kept)> ApplyAsync(
        Session session, Caller caller, ChangeSet changes, IReadOnlyDictionary<long, ResourceRow> stored, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var kept = new Dictionary<ResourceKey, SubscriptionRow>();
        if (!changes.Changes.Any(Concerns))
        {
            return (changes, kept);
        }

        var isMore = false;
        var made = ImmutableArray.CreateBuilder<Change>(changes.Changes.Length);
        foreach (var change in changes.Changes)
        {
            if (!Concerns(change) || change is DeleteChange)
            {
                made.Add(change);
                continue;
            }

            var row = stored.GetValueOrDefault(StorageHash.OfReference(change.Key.Type, change.Key.Id)) is { Deleted: false } current ? current : null;
            var content = change switch
            {
                CreateChange create => create.Content,
                PutChange put => put.Content,
                PatchChange patch when row is not null => patch.Apply(row.Stored()),
                _ => null,
            };
            if (content is null)
            {
                // It will be refused, since it is not there.
                made.Add(change);
                continue;
            }

            var before = row is null ? null : await FindAsync(session, change.Key.Id, cancellationToken);
            var (completed, next) = Judge(caller, changes, content, row, before, now);
            if (next is not null)
            {
                next.Id = change.Key.Id;
                kept[change.Key] = next;
                isMore |= IsLive(next) && !(before is not null && IsLive(before) && before.Subscriber == next.Subscriber);
            }

            made.Add(change switch
            {
                CreateChange create => create with { Content = completed },
                PutChange put => put with { Content = completed },
                _ => new PutChange(change.Key, completed) { IfMatch = change.IfMatch, Source = change.Source, Basis = row?.Version },
            });
        }

        if (isMore)
        {
            await DemandRoomAsync(session, caller, changes, kept, cancellationToken);
        }

        return (changes with { Changes = made.MoveToImmutable() }, kept);
    }

    /// <summary>Adds what is kept of Subscriptions to the rows of the commit that writes them.</summary>
    public static void Keep(RowBatch batch, ChangeSet changes, IReadOnlyDictionary<ResourceKey, SubscriptionRow> kept, ImmutableArray<ChangeResult> results)
    {
        for (var i = 0; i < changes.Changes.Length; i++)
        {
            if (!Concerns(changes.Changes[i]))
            {
                continue;
            }

            var (key, result) = (changes.Changes[i].Key, results[i]);
            if (result.Outcome == ChangeOutcome.Deleted)
            {
                batch.Unsubscribed.Add(key.Id);
            }
            else if (kept.TryGetValue(key, out var row))
            {
                // A negative version stands for the one that is written now.
                var version = result.Resource?.Key.Version ?? 0;
                (row.Asked, row.Since) = (row.Asked < 0 ? version : row.Asked, row.Since < 0 ? version : row.Since);
                batch.Subscriptions.Add(row);
                batch.SubscriptionDeliveries.Add(new SubscriptionDeliveryRow { Id = key.Id });
            }
        }
    }

    /// <summary>Throws where somebody would have more that are not off than they may. Whoever asks for another waits here for the one before.</summary>
    private async System.Threading.Tasks.Task DemandRoomAsync(
        Session session, Caller caller, ChangeSet changes, Dictionary<ResourceKey, SubscriptionRow> kept, CancellationToken cancellationToken)
    {
        var (subscriber, most) = (SubscriberOf(caller), settings.MostOf(caller));
        if (subscriber == 0)
        {
            return;
        }

        await session.LockAsync([FormattableString.Invariant($"subscriber {subscriber}")], cancellationToken);
        var sql = new SqlText();
        sql.Append($"SELECT id FROM subscription WHERE subscriber = {sql.Value(subscriber)} AND status <> {sql.Value((short)SubscriptionState.Off)}");
        var live = (await session.QueryAsync(sql, row => row.GetString(0), cancellationToken)).ToHashSet(StringComparer.Ordinal);
        live.ExceptWith(changes.Changes.Where(Concerns).Select(change => change.Key.Id));
        if (live.Count + kept.Values.Count(row => row.Subscriber == subscriber && IsLive(row)) > most)
        {
            throw new Refusal(
                HttpStatusCode.UnprocessableEntity,
                OperationOutcome.IssueType.TooCostly,
                "too-many-subscriptions",
                FormattableString.Invariant($"Nobody has more than {most} Subscriptions here that are not off; set others to off, or delete them."))
                .ToException(settings.Canonicals);
        }
    }

    private static long SubscriberOf(Caller caller) => caller.IsUnrestricted ? 0 : StorageHash.Of($"{caller.ClientId}\n{caller.UserId}");

    private static bool IsLive(SubscriptionRow row) => row.Status != (short)SubscriptionState.Off;

    private (ResourceContent Content, SubscriptionRow? Row) Judge(
        Caller caller, ChangeSet changes, ResourceContent content, ResourceRow? stored, SubscriptionRow? before, DateTimeOffset now)
    {
        var sent = (Subscription)content.Resource;
        if (caller.Kind == CallerKind.System)
        {
            if (changes.IsOperation)
            {
                before?.Status = StateOf(sent.Status);
                return (content, before);
            }

            // What is brought in by the operator was somebody's: nobody here asked for it to be sent.
            if (sent.Status != Subscription.SubscriptionStatus.Off)
            {
                sent = (Subscription)sent.DeepCopy();
                (sent.Status, sent.Error) = (Subscription.SubscriptionStatus.Off, null);
            }
        }
        else
        {
            caller.Demand(Interaction.Read, TypeOf(sent));
        }

        var current = stored is null ? null : (Subscription)FhirJson.Parse(stored.Raw);
        var kept = before is null ? null : SubscriptionPlan.Read(before.Plan);
        var write = SubscriptionWrite.Decide(caller, current, kept, sent, rules, settings.Canonicals).OrThrow(settings.Canonicals);
        if (write.Plan.Channel == SubscriptionChannel.Email && caller.Kind != CallerKind.System && !caller.IsStaffFor("Subscription"))
        {
            // A patient's app could have mail sent to anybody.
            throw FhirException.Forbidden("Notifications by e-mail are for staff and for clients of their own.");
        }

        var starts = write.IsRequested && before?.Status is not ((short)SubscriptionState.Requested or (short)SubscriptionState.Active or (short)SubscriptionState.Error);
        var completed = ReferenceEquals(write.Resource, content.Resource) ? content : new ResourceContent(write.Resource, FhirJson.Serialize(write.Resource));
        return (completed, new SubscriptionRow
        {
            Status = StateOf(write.Resource.Status),
            Channel = (short)write.Plan.Channel,
            Asked = write.IsRequested ? -1 : before?.Asked ?? 0,
            Since = starts ? -1 : before?.Since ?? 0,
            Heartbeat = write.Plan.Heartbeat,
            Ends = write.Plan.End?.UtcTicks ?? 0,
            Owned = write.IsRequested || before is null ? now.UtcTicks : before.Owned,

            // Somebody who broke the glass did so for a while, and for what they looked at themselves.
            Owner = write.IsRequested || before is null ? CallerDocument.Write(caller with { EmergencyPatients = [] }) : before.Owner,
            Plan = write.Plan.Write(),
            Subscriber = write.IsRequested || before is null ? SubscriberOf(caller) : before.Subscriber,
        });
    }

    private string TypeOf(Subscription sent) =>
        TopicCatalog.NameIn(sent.Criteria ?? "", settings.Canonicals) is { } name ? TopicCatalog.Find(name)?.Focus ?? "Subscription"
        : sent.Criteria?.Split('?')[0] is { } type && ResourceCatalog.IsKnown(type) ? type
        : "Subscription";

    private static short StateOf(Subscription.SubscriptionStatus? status) => (short)(status switch
    {
        Subscription.SubscriptionStatus.Requested => SubscriptionState.Requested,
        Subscription.SubscriptionStatus.Active => SubscriptionState.Active,
        Subscription.SubscriptionStatus.Error => SubscriptionState.Error,
        _ => SubscriptionState.Off,
    });

    private static async Task<SubscriptionRow?> FindAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {SubscriptionTables.Subscription.ColumnNames} FROM subscription WHERE id = {sql.Value(id)}");
        return (await session.QueryAsync(sql, row => SubscriptionReader.Read(row), cancellationToken)).SingleOrDefault();
    }
}
