using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Storage;

/// <summary>
/// Everything that one request writes. It is committed whole or not at all, and every condition in it is checked inside the
/// database transaction that writes it. Create, update, delete and transaction are all a change set.
/// </summary>
/// <param name="Changes">What to write, in order; no two name the same resource.</param>
/// <param name="Expectations">What a search must still find when the change set is committed.</param>
public sealed record ChangeSet(ImmutableArray<Change> Changes, ImmutableArray<Expectation> Expectations)
{
    /// <summary>
    /// Who does this and why, for the audit trail: it is written in the transaction of the changes, with the versions that they made. Without
    /// it nothing is recorded.
    /// </summary>
    public AuditEntry? Audit { get; init; }

    /// <summary>
    /// Whether an operation or a job of the server makes the changes rather than a client's plain write: it may what is the server's alone
    /// (<see cref="TransitionAuthority.Server"/>), since it has judged the request itself.
    /// </summary>
    public bool IsOperation { get; init; }

    /// <summary>
    /// What the caller needs for every change; null where it goes by the change. An operation that makes something new out of what is
    /// kept for it, as a booking out of a hold, takes the right to create and no other.
    /// </summary>
    public Interaction? Needs { get; init; }

    /// <summary>The name under which it is written at most once; null where that is not asked for.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>
    /// Whether each change stands for itself: one that is refused is left out, which its result tells, and the others are written, in one
    /// transaction. Only readings of devices are written so: new Observations with a <see cref="CreateChange.ReadingName"/>.
    /// </summary>
    public bool IsEach { get; init; }

    /// <summary>A change set of one.</summary>
    public static ChangeSet Of(Change change, params ReadOnlySpan<Expectation> expectations) => new([change], [.. expectations]);
}

/// <summary>
/// What the writer saw when it searched for a condition (If-None-Exist and the other conditional forms). Commit takes a lock for
/// <see cref="Guard"/>, searches again, and gives up with <see cref="CommitStatus.ConditionChanged"/> where the answer differs,
/// so that of many equal conditional creates one creates and the others find it.
/// </summary>
/// <param name="Condition">The search.</param>
/// <param name="Guard">Equal for equal conditions: type and criteria in normal form.</param>
/// <param name="MatchedIds">The ids found, in any order; at most one more than the writer can use was looked for.</param>
public sealed record Expectation(SearchQuery Condition, string Guard, ImmutableArray<string> MatchedIds);

/// <summary>One write of a change set.</summary>
public abstract record Change(ResourceKey Key)
{
    /// <summary>
    /// If-Match: the versions one of which must be current, 0 standing for <c>*</c> (any that exists); empty where there is no condition.
    /// Where it does not hold the commit is refused with 412.
    /// </summary>
    public ImmutableArray<int> IfMatch { get; init; } = [];

    /// <summary>The place in the request's Bundle for error messages, for example <c>Bundle.entry[3]</c>; null for a single request.</summary>
    public string? Source { get; init; }
}

/// <summary>A new resource under an id that is not in use.</summary>
public sealed record CreateChange(ResourceKey Key, ResourceContent Content) : Change(Key)
{
    /// <summary>
    /// The name that no two readings have, on whatever server they are written: where one that is stored has it already, nothing is written,
    /// and the result is that one. Null where it does not matter.
    /// </summary>
    public string? ReadingName { get; init; }
}

/// <summary>A new version of a resource, or its first under the caller's id.</summary>
public sealed record PutChange(ResourceKey Key, ResourceContent Content) : Change(Key)
{
    /// <summary><c>If-None-Match: *</c>: only if nothing is there; else 412.</summary>
    public bool MustNotExist { get; init; }

    /// <summary>The version that the content was made from: while another is current nothing is written. Null where that does not matter.</summary>
    public int? Basis { get; init; }
}

/// <summary>
/// A new version made from the current one, which is handed to <see cref="Apply"/>; again where another has come in between. What is not
/// there is a 404, what is deleted a 410.
/// </summary>
/// <param name="Key">The resource.</param>
/// <param name="Apply">What is to be stored instead; throws a <see cref="FhirException"/> where that is not possible.</param>
public sealed record PatchChange(ResourceKey Key, Func<StoredResource, ResourceContent> Apply) : Change(Key);

/// <summary>A deletion; of something deleted or never there it changes nothing.</summary>
public sealed record DeleteChange(ResourceKey Key) : Change(Key);

/// <summary>A resource that a client sent: parsed and validated, and its bytes.</summary>
/// <param name="Resource">The parsed resource, for rules and the index.</param>
/// <param name="Json">The JSON as sent, references already resolved; id, version and time are written in at commit.</param>
public sealed record ResourceContent(Resource Resource, ReadOnlyMemory<byte> Json);

/// <summary>How a commit ended.</summary>
public enum CommitStatus
{
    /// <summary>All written and durable.</summary>
    Committed,

    /// <summary>Nothing written: a condition no longer finds what the writer saw; look again and retry.</summary>
    ConditionChanged,

    /// <summary>Nothing written: a change set with the same receipt was written before.</summary>
    Repeated,
}

/// <summary>What a change did.</summary>
public enum ChangeOutcome
{
    /// <summary>There was none, now there is.</summary>
    Created,

    /// <summary>A new version.</summary>
    Updated,

    /// <summary>Equal to what is stored, meta aside: no new version; or a deletion of nothing.</summary>
    Unchanged,

    /// <summary>Deleted now.</summary>
    Deleted,

    /// <summary>A reading that was stored before: no new resource.</summary>
    Repeated,

    /// <summary>Not written, in a change set of which each change stands for itself.</summary>
    Refused,
}

/// <summary>What became of one change.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Resource">The version that is now current; null for a deletion of something never there, and for what was refused.</param>
public sealed record ChangeResult(ChangeOutcome Outcome, StoredResource? Resource)
{
    /// <summary>Why it was refused; null unless it was.</summary>
    public FhirException? Refusal { get; init; }
}

/// <summary>What became of a change set; empty unless committed.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Results">One result per change in its order, and behind them one for each change that followed from them.</param>
public sealed record CommitResult(CommitStatus Status, ImmutableArray<ChangeResult> Results);
