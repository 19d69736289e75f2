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
    private readonly Database _database = database;
    private readonly IndexWriter _index = index;
    private readonly Visibility _visibility = visibility;
    private readonly TimeProvider _clock = clock;
    private readonly Dictionary<string, Listener> _known = new(StringComparer.Ordinal);

    private Dictionary<string, Listener> _listeners = [];

    /// <summary>Who subscribed before what they are to be told of happened is among those that are read here.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using var session = await _database.OpenAsync(cancellationToken);
        _listeners = await ListenersAsync(session, cancellationToken);
    }

    public bool Wants(string type) => type == "Subscription" || _listeners.Values.Any(listener => listener.Watched == type);

    public async Task RecordAsync(ImmutableArray<CommittedChange> changes, RowBatch rows, CancellationToken cancellationToken)
    {
        var listeners = _listeners;
        if (changes.IsEmpty || listeners.Count == 0)
        {
            return;
        }

        await using var session = await _database.OpenAsync(cancellationToken);
        foreach (var change in changes)
        {
            if (change is { Event: "", Resource.Key: { Type: "Subscription", Version: { } version } } && listeners.TryGetValue(change.Resource.Key.Id, out var started))
            {
                started.Starts(version);
            }

            var concerned = listeners.Values.Where(listener => listener.Hears(change.Resource.Key.Type)).ToList();
            if (concerned.Count > 0)
            {
                await TellAsync(session, change, concerned, rows, cancellationToken);
            }
        }

        rows.SubscriptionFeeds.AddRange(listeners.Values.Where(listener => listener.IsChanged)
            .Select(listener => new SubscriptionFeedRow { Id = listener.Row.Id, Since = listener.Since, Last = listener.Last }));
    }

    private async Task TellAsync(Session session, CommittedChange change, IReadOnlyList<Listener> listeners, RowBatch rows, CancellationToken cancellationToken)
    {
        try
        {
            await new Telling(this, session, change, rows).ToAsync(listeners, cancellationToken);
        }
        catch (Exception fault) when (fault is FhirException or FormatException or InvalidOperationException or NotSupportedException)
        {
            // It will not be understood the next time either, and all others wait behind it.
            NotTold(logger, fault, change.Resource.Key.ToString());
        }
    }

    /// <summary>Those that are not off, by id, as far as their recording is by now.</summary>
    private async Task<Dictionary<string, Listener>> ListenersAsync(Session session, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {string.Join(", ", SubscriptionTables.Subscription.Columns.Select(column => $"s.{column.Name}"))}, COALESCE(f.since, 0), COALESCE(f.last, 0)")
            .Append($" FROM subscription s LEFT JOIN subscription_feed f ON f.id = s.id WHERE s.status <> {sql.Value((short)SubscriptionState.Off)}");
        var found = await session.QueryAsync(sql, row => (Row: SubscriptionReader.Read(row), Since: row.GetInt32(10), Last: row.GetInt64(11)), cancellationToken);
        var listeners = new Dictionary<string, Listener>(StringComparer.Ordinal);
        foreach (var (row, since, last) in found)
        {
            if (!_known.TryGetValue(row.Id, out var known) || known.Row.Plan != row.Plan || known.Row.Owner != row.Owner)
            {
                known = Listen(row);
            }

            _known[row.Id] = known;
            listeners[row.Id] = known with { Row = row, Since = since, Last = last, IsChanged = false };
        }

        foreach (var gone in _known.Keys.Where(id => !listeners.ContainsKey(id)).ToList())
        {
            _known.Remove(gone);
        }

        return listeners;
    }

    private Listener Listen(SubscriptionRow row)
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

        return new Listener(row, CallerDocument.Read(row.Owner), plan, topic, conditions);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "The filter of Subscription {Id} is no longer understood; it has no events")]
    private static partial void Unreadable(ILogger logger, string id);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "It could not be judged whom a change of {Resource} is for; it is nobody's event")]
    private static partial void NotTold(ILogger logger, Exception fault, string resource);

    /// <summary>A Subscription that is to be told.</summary>
    private sealed record Listener(SubscriptionRow Row, Caller Owner, SubscriptionPlan Plan, SubscriptionTopic? Topic, ImmutableArray<Criterion> Conditions)
    {
        public int Since { get; set; }

        public long Last { get; set; }

        public bool IsChanged { get; set; }

        /// <summary>Its own start is among the changes: what comes from here on is for it.</summary>
        public void Starts(int version)
        {
            if (version >= Row.Since && Since < Row.Since)
            {
                (Since, IsChanged) = (Row.Since, true);
            }
        }

        /// <summary>The type whose changes may be events.</summary>
        public string Watched => Topic?.Watched ?? Plan.Type;

        public bool Hears(string type) => Since >= Row.Since && Watched == type;

        public long Count()
        {
            IsChanged = true;
            return ++Last;
        }
    }

    /// <summary>One change and whom it is told to.</summary>
    private sealed class Telling(EventRecorder recorder, Session session, CommittedChange change, RowBatch rows)
    {
        private readonly Dictionary<string, SubscriptionMatcher?> _matchers = new(StringComparer.Ordinal);
        private readonly Dictionary<string, ImmutableArray<StoredResource>> _foci = new(StringComparer.Ordinal);
        private TopicOccasion? _occasion;

        private TopicOccasion Occasion => _occasion ??= new TopicOccasion(Parsed(change.Previous), Parsed(change.Resource), change.Event);

        public async Task ToAsync(IReadOnlyList<Listener> listeners, CancellationToken cancellationToken)
        {
            foreach (var listener in listeners)
            {
                foreach (var focus in await FociAsync(listener, cancellationToken))
                {
                    await TellAsync(listener, focus, cancellationToken);
                }
            }
        }

        private async Task TellAsync(Listener listener, StoredResource focus, CancellationToken cancellationToken)
        {
            if (listener.Owner.May(Interaction.Read, focus.Key.Type)
                && MatcherOf(focus) is { } matcher
                && await matcher.MatchesAsync(session, listener.Conditions, cancellationToken)
                && await matcher.IsVisibleAsync(session, recorder._visibility.Of(listener.Owner, Interaction.Read, focus.Key.Type), cancellationToken))
            {
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
        private async ValueTask<ImmutableArray<StoredResource>> FociAsync(Listener listener, CancellationToken cancellationToken)
        {
            if (listener.Topic is not { } topic)
            {
                return change is { Event: "", Resource.IsDeleted: false } ? [change.Resource] : [];
            }

            if (!_foci.TryGetValue(topic.Name, out var foci))
            {
                foci = topic.Happens(Occasion) ? [change.Resource] : await CurrentAsync(topic.HappensTo(Occasion), topic.Focus, cancellationToken);
                _foci[topic.Name] = foci;
            }

            return foci;
        }

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
