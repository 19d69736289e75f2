using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>
/// Something that happens and that can be subscribed to: a SubscriptionTopic of R5, here in the form of the Backport guide. Whether it happened
/// is a pure function of two versions of a resource and the name of what happened without a new version.
/// </summary>
/// <param name="Name">The last part of its canonical URL, for example <c>appointment-booked</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Description">When it happens.</param>
/// <param name="Focus">The type of what events are about; filters use its search parameters.</param>
public sealed record SubscriptionTopic(string Name, string Title, string Description, string Focus)
{
    private readonly Func<TopicOccasion, bool>? _happens;
    private readonly Func<TopicOccasion, IEnumerable<string>>? _fociOf;

    internal SubscriptionTopic(string name, string title, string description, string focus, Func<TopicOccasion, bool> happens)
        : this(name, title, description, focus)
    {
        (Watched, _happens) = (focus, happens);
    }

    internal SubscriptionTopic(
        string name, string title, string description, string focus, string watched, Func<TopicOccasion, IEnumerable<string>> fociOf)
        : this(name, title, description, focus)
    {
        (Watched, _fociOf) = (watched, fociOf);
    }

    /// <summary>The type whose changes tell of it; mostly that of the focus.</summary>
    public string Watched { get; } = Focus;

    /// <summary>Whether it happened to the resource itself.</summary>
    public bool Happens(TopicOccasion occasion) => _happens is not null && _happens(occasion);

    /// <summary>To which other resources it happened, that the changed one names; the references as they are written there.</summary>
    public ImmutableArray<string> HappensTo(TopicOccasion occasion) => _fociOf is null ? [] : [.. _fociOf(occasion).Distinct(StringComparer.Ordinal)];
}

/// <summary>A change that may be what a topic is about.</summary>
/// <param name="Before">The version before; null where there was none, or a deletion.</param>
/// <param name="Now">The version that it led to; null where it is a deletion.</param>
/// <param name="Event">Empty for a new version; else the name of something that happened to the resource without one.</param>
public sealed record TopicOccasion(Resource? Before, Resource? Now, string Event = "")
{
    internal bool Has<T>([NotNullWhen(true)] out T? now, out T? before)
        where T : Resource
    {
        (now, before) = (Event.Length == 0 ? Now as T : null, Before as T);
        return now is not null;
    }
}
