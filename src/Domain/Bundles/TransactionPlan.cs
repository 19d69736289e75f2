using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// What a transaction, or a single create, update or delete, will write, and how each entry is answered once it is written
/// (https://hl7.org/fhir/R4/http.html#trules). Making a plan changes nothing.
/// </summary>
/// <param name="Changes">
/// To be committed: deletions, then creates, then updates. On <see cref="CommitStatus.ConditionChanged"/> plan again.
/// </param>
/// <param name="Entries">One for each entry, in the order of the request.</param>
public sealed record TransactionPlan(ChangeSet Changes, ImmutableArray<PlannedEntry> Entries)
{
    /// <summary>
    /// Decides everything that can be decided before the commit. What cannot be is a 4xx whose expression names the entry.
    /// </summary>
    /// <param name="entries">All entries of a transaction, or one of a batch, or one made from a single request.</param>
    /// <param name="conditions">Resolves conditional requests and references; new for each plan.</param>
    /// <param name="validate">The rules that resources must keep, given a resource and where it sits.</param>
    /// <param name="newId">Makes the ids of new resources.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static Task<TransactionPlan> PrepareAsync(
        ImmutableArray<BundleEntry> entries,
        Conditions conditions,
        Action<Hl7.Fhir.Model.Resource, string?> validate,
        Func<string> newId,
        CancellationToken cancellationToken) =>
        new TransactionPlanner(entries, conditions, validate, newId).PlanAsync(cancellationToken);
}

/// <summary>How an entry is answered.</summary>
public enum EntryAnswer
{
    /// <summary>By the results of its changes: 201, 200 or 204.</summary>
    Changed,

    /// <summary>A conditional create that found its resource: 200 with that.</summary>
    Existing,

    /// <summary>By running the entry's GET or search after the commit.</summary>
    Read,
}

/// <summary>The recipe for the answer to one entry.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Answer">Which kind of answer.</param>
/// <param name="Changes">
/// Places in <see cref="ChangeSet.Changes"/> and so in the commit's results; empty where there is nothing to change, as for a conditional
/// deletion without a match, and several only for a conditional deletion.
/// </param>
/// <param name="Key">The resource created, updated, deleted or found; null for reads and where there is not exactly one.</param>
public sealed record PlannedEntry(BundleEntry Entry, EntryAnswer Answer, ImmutableArray<int> Changes, ResourceKey? Key);
