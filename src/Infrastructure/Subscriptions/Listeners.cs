using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>A Subscription that is to be told, and how far it has been.</summary>
/// <param name="Row">What is stored of it.</param>
/// <param name="Owner">Who asked for it.</param>
/// <param name="Plan">What they asked for.</param>
/// <param name="Topic">Null where any version of the type that matches is an event.</param>
/// <param name="Conditions">What a version must satisfy.</param>
/// <param name="Anchor">Hashes of references of which a version has one, or else is no event; null where it may have any.</param>
internal sealed record Listener(
    SubscriptionRow Row, Caller Owner, SubscriptionPlan Plan, SubscriptionTopic? Topic, ImmutableArray<Criterion> Conditions, ImmutableArray<long>? Anchor)
{
    private const int MostAnchors = 100;

    public int Since { get; set; }

    public long Last { get; set; }

    /// <summary>The type whose changes may be events.</summary>
    public string Watched => Topic?.Watched ?? Plan.Type;

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

    public bool Equals(Listener? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Row.Id);
}

/// <summary>
/// All who are to be told, found by what changed: of thousands who each listen for a patient of their own, a change comes to those of its patient.
/// </summary>
internal sealed class Listeners
{
    private readonly Dictionary<string, Listener> _all;
    private readonly Dictionary<string, ImmutableArray<Audience>> _audiences;

    public Listeners(IReadOnlyCollection<Listener> all)
    {
        _all = all.ToDictionary(listener => listener.Row.Id, StringComparer.Ordinal);
        _audiences = all.GroupBy(listener => listener.Watched, StringComparer.Ordinal).ToDictionary(
            some => some.Key, some => some.GroupBy(listener => listener.Topic).Select(one => new Audience(one.Key, [.. one])).ToImmutableArray(), StringComparer.Ordinal);
    }

    public bool IsEmpty => _all.Count == 0;

    public Listener? Find(string id) => _all.GetValueOrDefault(id);

    /// <summary>Whether anybody listens for changes of the type.</summary>
    public bool Watch(string type) => _audiences.ContainsKey(type);

    /// <summary>Those who listen for changes of the type, by topic.</summary>
    public ImmutableArray<Audience> Of(string type) => _audiences.GetValueOrDefault(type, []);

    /// <summary>Those who listen for one topic, or for versions of one type.</summary>
    internal sealed class Audience(SubscriptionTopic? topic, ImmutableArray<Listener> listeners)
    {
        private readonly ImmutableArray<Listener> _free = [.. listeners.Where(listener => listener.Anchor is null)];
        private readonly ILookup<long, Listener> _anchored =
            listeners.Where(listener => listener.Anchor is not null).SelectMany(listener => listener.Anchor!.Value.Select(hash => (hash, listener))).ToLookup(one => one.hash, one => one.listener);

        public SubscriptionTopic? Topic => topic;

        /// <summary>Those to whom something with these references may matter.</summary>
        public IEnumerable<Listener> Concerned(IEnumerable<long> references) => _free.Concat(references.SelectMany(hash => _anchored[hash]).Distinct());
    }
}
