using System.Collections.Immutable;

namespace TeleFhir.Domain.Storage;

/// <summary>Compares everything that is derived with what it is derived from.</summary>
public interface IConsistencyCheck
{
    /// <summary>
    /// Reads every resource, indexes it again and compares the rows with those stored; looks for rows without a resource, for versions that
    /// are missing, and for JSON that disagrees with its row. Others may go on writing: each part is looked at as of one moment.
    /// </summary>
    Task<ConsistencyReport> RunAsync(CancellationToken cancellationToken);
}

/// <summary>What a check saw.</summary>
/// <param name="Resources">Current resources, deleted ones included.</param>
/// <param name="Versions">Versions that are no longer current.</param>
/// <param name="IndexRows">Rows of all index tables.</param>
/// <param name="Faults">All faults.</param>
/// <param name="Examples">The first of them, one sentence each; names resources by storage key and type, not by content.</param>
public sealed record ConsistencyReport(long Resources, long Versions, long IndexRows, long Faults, ImmutableArray<string> Examples);
