using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Changes;

/// <summary>Something that happened to a resource, told after it was committed.</summary>
/// <param name="Sequence">Its number. Of one resource later changes have higher numbers; between resources numbers say nothing, and they have gaps.</param>
/// <param name="Event">Empty for a new version; else the name of what happened without one, for example <c>participant-connected</c>.</param>
/// <param name="Resource">The version that the change made, a deletion too; of an event the one that was current.</param>
/// <param name="Previous">The version before it; null for the first and for events.</param>
public sealed record CommittedChange(long Sequence, string Event, StoredResource Resource, StoredResource? Previous);
