using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>The status of a Subscription.</summary>
public enum SubscriptionState
{
    /// <summary>A client wants it to start; the handshake comes first.</summary>
    Requested,

    /// <summary>Events are delivered.</summary>
    Active,

    /// <summary>Events are kept and not delivered: the handshake or the deliveries failed for too long.</summary>
    Error,

    /// <summary>There are no events.</summary>
    Off,
}

/// <summary>A Subscription and how far it is.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Its status.</param>
/// <param name="Plan">What it asks for. It has secrets.</param>
/// <param name="Owner">Who asked for it, with the rights of then.</param>
/// <param name="Owned">When they did.</param>
public sealed record SubscriptionRecord(string Id, SubscriptionState State, SubscriptionPlan Plan, Caller Owner, DateTimeOffset Owned)
{
    /// <summary>The version that asked for it to start, or to start again.</summary>
    public int Asked { get; init; }

    /// <summary>The number of the latest event; 0 where there was none.</summary>
    public long Last { get; init; }

    /// <summary>Events up to this number are delivered.</summary>
    public long Delivered { get; init; }

    /// <summary>How many tries have failed since the last that did not.</summary>
    public int Failures { get; init; }

    /// <summary>When the first of them was; null where none has failed.</summary>
    public DateTimeOffset? Failing { get; init; }

    /// <summary>When the next try is; null where none waits.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>When something was sent last; null for never.</summary>
    public DateTimeOffset? Sent { get; init; }

    /// <summary>What went wrong last; empty where nothing did. It holds no patient data.</summary>
    public string Note { get; init; } = "";
}

/// <summary>An event of a Subscription.</summary>
/// <param name="Number">Counts the Subscription's events from 1.</param>
/// <param name="Focus">What it is about, as a version.</param>
/// <param name="Happened">When it happened.</param>
public sealed record SubscriptionEvent(long Number, ResourceKey Focus, DateTimeOffset Happened);

/// <summary>A Subscription that this process has to itself for a while.</summary>
/// <param name="Record">How far it is.</param>
/// <param name="Until">Until when; from then on others may take it.</param>
public sealed record TakenSubscription(SubscriptionRecord Record, DateTimeOffset Until);

/// <summary>
/// Subscriptions, their events, and how far deliveries are. Of all servers on the database one at a time has a Subscription; what a server that
/// stops has taken is taken again by another, so each event is delivered at least once, and after the one before.
/// </summary>
public interface ISubscriptions
{
    /// <summary>Ids of those with something to do now that nobody has.</summary>
    Task<ImmutableArray<string>> DueAsync(CancellationToken cancellationToken);

    /// <summary>Takes one for as long as the lease; null where somebody else has it.</summary>
    Task<TakenSubscription?> TakeAsync(string id, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Prolongs the lease from now; null where it was lost.</summary>
    Task<TakenSubscription?> ProlongAsync(TakenSubscription taken, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Notes that something was sent and that events up to this number are delivered. Failures are forgotten.</summary>
    Task SentAsync(TakenSubscription taken, long delivered, CancellationToken cancellationToken);

    /// <summary>Notes that a try failed, when the first did, and when the next is. Gives the Subscription back.</summary>
    Task FailedAsync(TakenSubscription taken, DateTimeOffset failing, DateTimeOffset next, string note, CancellationToken cancellationToken);

    /// <summary>Gives it back.</summary>
    Task ReleaseAsync(TakenSubscription taken, CancellationToken cancellationToken);

    /// <summary>How far these are; those that are not there are left out.</summary>
    Task<ImmutableArray<SubscriptionRecord>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>All that are not off.</summary>
    Task<ImmutableArray<SubscriptionRecord>> LiveAsync(CancellationToken cancellationToken);

    /// <summary>The events of one from a number on, in order.</summary>
    Task<ImmutableArray<SubscriptionEvent>> EventsAsync(string id, long from, long until, int most, CancellationToken cancellationToken);

    /// <summary>Something to open a socket for these with, once; the secret is kept nowhere.</summary>
    Task<string> MintAsync(IReadOnlyCollection<string> ids, DateTimeOffset expires, CancellationToken cancellationToken);

    /// <summary>The ids that a binding is for; none where it is not known, was used or ran out.</summary>
    Task<ImmutableArray<string>> RedeemAsync(string binding, CancellationToken cancellationToken);

    /// <summary>Removes events that were kept for long enough, and what is left of Subscriptions that are gone.</summary>
    Task PruneAsync(CancellationToken cancellationToken);
}
