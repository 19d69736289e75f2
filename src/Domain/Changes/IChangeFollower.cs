using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Changes;

/// <summary>
/// Acts on committed changes, apart from the requests that made them (docs/adr/0019). In a cluster one follower at a time is told, each change
/// of a resource after the one before. After a crash a change may be told again: what a follower does has to bear that.
/// </summary>
public interface IChangeFollower
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>Whether it has anything to do with resources of this type; asked anew all the time, so that what nobody wants is not read.</summary>
    bool Wants(string type);

    /// <summary>
    /// Looks at changes of the types that it wants. When it throws it is told the same again, and in the end less at a time, until it is clear
    /// which change it cannot bear; that one is left out.
    /// </summary>
    Task FollowAsync(ImmutableArray<CommittedChange> changes, CancellationToken cancellationToken);
}

/// <summary>Tells followers of what is no new version of a resource.</summary>
public interface IChangeEvents
{
    /// <summary>Durable when it returns. What has never been, or is deleted, has no events.</summary>
    /// <param name="name">What happened, at most 64 characters, for example <c>participant-connected</c>.</param>
    /// <param name="focus">The resource that it happened to.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    Task RaiseAsync(string name, ResourceKey focus, CancellationToken cancellationToken);
}
