using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Changes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>
/// Makes events of changes: numbered per Subscription, in the order of changes, each once. An event is recorded where the topic happens, the
/// version matches the filter, and who asked for the Subscription may see it.
/// </summary>
internal sealed partial class EventRecorder(
    Database database, IndexWriter index, Visibility visibility, SubscriptionRules rules, TimeProvider clock, ILogger<EventRecorder> logger) : IChangeRecorder
{
    private const string Subscription = "Subscription";

    private static readonly short _type = ResourceCatalog.NumberOf(Subscription);

    private readonly Database _database = database;
    private readonly IndexWriter _index = index;
    private readonly Visibility _visibility = visibility;
    private readonly TimeProvider _clock = clock;

    private Listeners? _listeners;

    public void Forget() => _listeners = null;

    /// <summary>
    /// Reads who subscribed, and again those whose Subscriptions are among the changes: they are told of what comes after their own, so before
    /// that they need not be known.
    /// </summary>
    public async Task PrepareAsync(IReadOnlyList<OutboxRow> waiting, CancellationToken cancellationToken)
    {
        var changed = waiting.Where(row => row.Type == _type).Select(row => row.Key).Distinct().ToList();
        if (_listeners is not null && changed.Count == 0)
        {
            return;
        }

        var sql = new SqlText();
        sql.Append($"SELECT r.id, {string.Join(", ", SubscriptionTables.Subscription.Columns.Select(column => $"s.{column.Name}"))}, COALESCE(f.since, 0), COALESCE(f.last, 0)")
            .Append($" FROM resource r LEFT JOIN subscription s ON s.id = r.id AND s.status <> {sql.Value((short)SubscriptionState.Off)} LEFT JOIN subscription_feed f ON f.id = s.id")
            .Append(_listeners is null ? $" WHERE r.type = {_type} AND s.id IS NOT NULL" : $" WHERE {_database.AnyOf("r.key", changed, sql)}");
        var columns = SubscriptionTables.Subscription.Columns.Count;
        await using var session = await _database.OpenAsync(cancellationToken);
        var found = await session.QueryAsync(
            sql, row => (Id: row.GetString(0), Row: row.IsDBNull(1) ? null : SubscriptionReader.Read(row, 1), Since: row.GetInt32(columns + 1), Last: row.GetInt64(columns + 2)), cancellationToken);
        _listeners ??= new Listeners();
        foreach (var (id, row, since, last) in found)
        {
            if (row is null)
            {
                _listeners.Remove(id);
            }
            else if (_listeners.Find(id) is { } known && known.Row.Plan == row.Plan && known.Row.Owner == row.Owner)
            {
                known.Row = row;
            }
            else
            {
                _listeners.Set(Listen(row, since, last));
            }
        }
    }

    public bool Wants(string type) => type == Subscription || (_listeners?.Watch(type) ?? false);

    public async Task RecordAsync(ImmutableArray<CommittedChange> changes, RowBatch rows, CancellationToken cancellationToken)
    {
        if (changes.IsEmpty || _listeners is not { IsEmpty: false } listeners)
        {
            return;
        }

        var concerned = new HashSet<Listener>();
        await using var session = await _database.OpenAsync(cancellationToken);
        foreach (var change in changes)
        {
            if (change is { Event: "", Resource.Key: { Type: Subscription, Version: { } version } } && listeners.Find(change.Resource.Key.Id) is { } started
                && started.Starts(version))
            {
                concerned.Add(started);
            }

            if (listeners.Watch(change.Resource.Key.Type))
            {
                await TellAsync(session, change, listeners, concerned, rows, cancellationToken);
            }
        }

        rows.SubscriptionFeeds.AddRange(concerned.Select(listener => new SubscriptionFeedRow { Id = listener.Row.Id, Since = listener.Since, Last = listener.Last }));
    }

    private async Task TellAsync(
        Session session, CommittedChange change, Listeners listeners, HashSet<Listener> concerned, RowBatch rows, CancellationToken cancellationToken)
    {
        try
        {
            await new Telling(this, session, change, rows, concerned).ToAsync(listeners, cancellationToken);
        }
        catch (Exception fault) when (fault is FhirException or FormatException or InvalidOperationException or NotSupportedException)
        {
            // It will not be understood the next time either, and all others wait behind it.
            NotTold(logger, fault, change.Resource.Key.ToString());
        }
    }

    private Listener Listen(SubscriptionRow row, int since, long last)
    {
        var plan = SubscriptionPlan.Read(row.Plan);
        var topic = plan.Topic is null ? null : TopicCatalog.Find(plan.Topic);
        ImmutableArray<Criterion> conditions;
        try
        {
            conditions = rules.Conditions(plan.Type, plan.Filter);
        }
        catch (FhirException)
        {
            // A search parameter that was added here and is gone: no longer is it known what matches.
            Unreadable(logger, row.Id);
            conditions = [AnyCriterion.Nothing];
        }

        var owner = CallerDocument.Read(row.Owner);
        return new Listener(row, owner, plan, topic, conditions, Listener.AnchorOf([.. conditions, .. _visibility.Of(owner, Interaction.Read, topic?.Focus ?? plan.Type)]))
        {
            Since = since,
            Last = last,
        };
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The filter of Subscription {Id} is no longer understood; it has no events")]
    private static partial void Unreadable(ILogger logger, string id);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "It could not be judged whom a change of {Resource} is for; it is nobody's event")]
    private static partial void NotTold(ILogger logger, Exception fault, string resource);

    /// <summary>One change and whom it is told to.</summary>
    private sealed class Telling(EventRecorder recorder, Session session, CommittedChange change, RowBatch rows, HashSet<Listener> concerned)
    {
        private readonly Dictionary<string, SubscriptionMatcher?> _matchers = new(StringComparer.Ordinal);
        private TopicOccasion? _occasion;

        private TopicOccasion Occasion => _occasion ??= new TopicOccasion(Parsed(change.Previous), Parsed(change.Resource), change.Event);

        public async Task ToAsync(Listeners listeners, CancellationToken cancellationToken)
        {
            foreach (var audience in listeners.Of(change.Resource.Key.Type))
            {
                foreach (var focus in await FociAsync(audience.Topic, cancellationToken))
                {
                    if (MatcherOf(focus) is { } matcher)
                    {
                        foreach (var listener in audience.Concerned(matcher.References).Where(listener => listener.Hears))
                        {
                            await TellAsync(listener, focus, matcher, cancellationToken);
                        }
                    }
                }
            }
        }

        private async Task TellAsync(Listener listener, StoredResource focus, SubscriptionMatcher matcher, CancellationToken cancellationToken)
        {
            if (listener.Owner.May(Interaction.Read, focus.Key.Type)
                && await matcher.MatchesAsync(session, listener.Conditions, cancellationToken)
                && await matcher.IsVisibleAsync(session, recorder._visibility.Of(listener.Owner, Interaction.Read, focus.Key.Type), cancellationToken))
            {
                concerned.Add(listener);
                rows.SubscriptionEvents.Add(new SubscriptionEventRow
                {
                    Id = listener.Row.Id,
                    Number = listener.Count(),
                    Focus = focus.Key.ToString(),
                    Happened = change.Event.Length == 0 ? change.Resource.LastUpdated.UtcTicks : recorder._clock.GetUtcNow().UtcTicks,
                });
            }
        }

        /// <summary>What events would be about.</summary>
        private async ValueTask<ImmutableArray<StoredResource>> FociAsync(SubscriptionTopic? topic, CancellationToken cancellationToken) => topic switch
        {
            null => change is { Event: "", Resource.IsDeleted: false } ? [change.Resource] : [],
            // Of what is deleted the event is about what it was: that is what filters and access are judged by.
            _ when topic.Happens(Occasion) => change.Resource.IsDeleted ? [change.Previous!] : [change.Resource],
            _ => await CurrentAsync(topic.HappensTo(Occasion), topic.Focus, cancellationToken),
        };

        private SubscriptionMatcher? MatcherOf(StoredResource focus)
        {
            var name = focus.Key.ToString();
            if (!_matchers.TryGetValue(name, out var matcher))
            {
                matcher = focus.IsDeleted ? null : new SubscriptionMatcher(recorder._database, recorder._index, focus);
                _matchers[name] = matcher;
            }

            return matcher;
        }

        private async ValueTask<ImmutableArray<StoredResource>> CurrentAsync(ImmutableArray<string> references, string type, CancellationToken cancellationToken)
        {
            var hashes = references.Select(recorder._index.LocalKey).OfType<ResourceKey>().Where(key => key.Type == type)
                .Select(key => StorageHash.OfReference(key.Type, key.Id)).Distinct().ToList();
            if (hashes.Count == 0)
            {
                return [];
            }

            var sql = new SqlText();
            sql.Append($"SELECT {RowReader.StoredColumns} FROM resource r WHERE {recorder._database.AnyOf("r.id_hash", hashes, sql)} AND NOT r.deleted ORDER BY r.key");
            return [.. await session.QueryAsync(sql, row => row.ReadStored(), cancellationToken)];
        }

        private static Hl7.Fhir.Model.Resource? Parsed(StoredResource? version) => version is null or { IsDeleted: true } ? null : FhirJson.Parse(version.Json);
    }
}
