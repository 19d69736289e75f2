using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>A Subscription that is to be told, and how far it has been.</summary>
/// <param name="row">What is stored of it.</param>
/// <param name="owner">Who asked for it.</param>
/// <param name="plan">What they asked for.</param>
/// <param name="topic">Null where any version of the type that matches is an event.</param>
/// <param name="conditions">What a version must satisfy.</param>
/// <param name="anchor">Hashes of references of which a version has one, or else is no event; null where it may have any.</param>
internal sealed class Listener(
    SubscriptionRow row, Caller owner, SubscriptionPlan plan, SubscriptionTopic? topic, ImmutableArray<Criterion> conditions, ImmutableArray<long>? anchor)
{
    private const int MostAnchors = 100;

    public SubscriptionRow Row { get; set; } = row;

    public Caller Owner => owner;

    public SubscriptionTopic? Topic => topic;

    public ImmutableArray<Criterion> Conditions => conditions;

    public ImmutableArray<long>? Anchor => anchor;

    /// <summary>The version whose start was seen among the changes.</summary>
    public int Since { get; set; }

    /// <summary>The number of the latest event.</summary>
    public long Last { get; set; }

    /// <summary>The type whose changes may be events.</summary>
    public string Watched => topic?.Watched ?? plan.Type;

    /// <summary>Whether its own start has been seen among the changes.</summary>
    public bool Hears => Since >= Row.Since;

    /// <summary>References of which whatever satisfies all of the conditions has one; null where they ask for none.</summary>
    public static ImmutableArray<long>? AnchorOf(IEnumerable<Criterion> conditions)
    {
        foreach (var condition in conditions)
        {
            ImmutableArray<long>? hashes = condition switch
            {
                ValueCriterion { Modifier: SearchModifier.None, Parameter.Kind: IndexKind.Reference } value => CriteriaSql.ReferenceHashes(value.Values, value.Parameter.Targets),
                CompartmentCriterion { Patients: NamedPatients named } => [.. named.Ids.Select(id => StorageHash.OfReference("Patient", id))],
                _ => null,
            };
            if (hashes is { Length: <= MostAnchors })
            {
                return hashes;
            }
        }

        return null;
    }

    /// <summary>Its own start is among the changes: what comes from here on is for it. Whether that is news.</summary>
    public bool Starts(int version)
    {
        if (version < Row.Since || Hears)
        {
            return false;
        }

        Since = Row.Since;
        return true;
    }

    public long Count() => ++Last;
}

/// <summary>
/// All who are to be told, found by what changed: of thousands who each listen for a patient of their own, a change comes to those of its patient.
/// </summary>
internal sealed class Listeners
{
    private readonly Dictionary<string, Listener> _all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Audience>> _audiences = new(StringComparer.Ordinal);

    public bool IsEmpty => _all.Count == 0;

    public Listener? Find(string id) => _all.GetValueOrDefault(id);

    /// <summary>Takes one in, in the place of the one of its id.</summary>
    public void Set(Listener listener)
    {
        Remove(listener.Row.Id);
        _all[listener.Row.Id] = listener;
        if (!_audiences.TryGetValue(listener.Watched, out var audiences))
        {
            _audiences[listener.Watched] = audiences = [];
        }

        var audience = audiences.Find(one => one.Topic == listener.Topic);
        if (audience is null)
        {
            audiences.Add(audience = new Audience(listener.Topic));
        }

        audience.Add(listener);
    }

    public void Remove(string id)
    {
        if (!_all.Remove(id, out var listener))
        {
            return;
        }

        var audiences = _audiences[listener.Watched];
        var audience = audiences.Single(one => one.Topic == listener.Topic);
        audience.Remove(listener);
        if (audience.IsEmpty && audiences.Remove(audience) && audiences.Count == 0)
        {
            _audiences.Remove(listener.Watched);
        }
    }

    /// <summary>Whether anybody listens for changes of the type.</summary>
    public bool Watch(string type) => _audiences.ContainsKey(type);

    /// <summary>Those who listen for changes of the type, by topic.</summary>
    public IReadOnlyList<Audience> Of(string type) => _audiences.GetValueOrDefault(type, []);

    /// <summary>Those who listen for one topic, or for versions of one type.</summary>
    internal sealed class Audience(SubscriptionTopic? topic)
    {
        private readonly HashSet<Listener> _free = [];
        private readonly Dictionary<long, HashSet<Listener>> _anchored = [];

        public SubscriptionTopic? Topic => topic;

        public bool IsEmpty => _free.Count == 0 && _anchored.Count == 0;

        public void Add(Listener listener)
        {
            if (listener.Anchor is not { } anchor)
            {
                _free.Add(listener);
                return;
            }

            foreach (var hash in anchor)
            {
                if (!_anchored.TryGetValue(hash, out var some))
                {
                    _anchored[hash] = some = [];
                }

                some.Add(listener);
            }
        }

        public void Remove(Listener listener)
        {
            _free.Remove(listener);
            foreach (var hash in listener.Anchor ?? [])
            {
                if (_anchored[hash].Remove(listener) && _anchored[hash].Count == 0)
                {
                    _anchored.Remove(hash);
                }
            }
        }

        /// <summary>Those to whom something with these references may matter.</summary>
        public IEnumerable<Listener> Concerned(IEnumerable<long> references) =>
            _free.Concat(references.SelectMany(hash => _anchored.GetValueOrDefault(hash, [])).Distinct());
    }
}
