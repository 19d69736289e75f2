using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Storage;

/// <summary>
/// The only way to stored resources. Every call names its caller first, and the store applies what that caller may see.
/// Thrown <see cref="FhirException"/>s are meant for the caller; any other exception is a fault.
/// </summary>
public interface IResourceStore
{
    /// <summary>The current version, or the one the key names; a deletion too; null where there is none.</summary>
    ValueTask<StoredResource?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken);

    /// <summary>One page of matches with what they include.</summary>
    Task<SearchPage> SearchAsync(Caller caller, SearchQuery query, CancellationToken cancellationToken);

    /// <summary>One page of versions, newest first unless asked otherwise.</summary>
    Task<HistoryPage> HistoryAsync(Caller caller, HistoryQuery query, CancellationToken cancellationToken);

    /// <summary>Writes all or nothing, durably. A broken condition of a single change is thrown as 412.</summary>
    Task<CommitResult> CommitAsync(Caller caller, ChangeSet changes, CancellationToken cancellationToken);
}

/// <summary>One page of a search.</summary>
/// <param name="Matches">The matches in order.</param>
/// <param name="Included">What they include, each once, never a match.</param>
/// <param name="Total">All matches, or null where not asked for or too many to count for nothing.</param>
/// <param name="Next">Where the next page starts; null on the last page.</param>
/// <param name="Warnings">What the reader must know, for example that inclusion was cut off.</param>
public sealed record SearchPage(
    ImmutableArray<StoredResource> Matches,
    ImmutableArray<StoredResource> Included,
    long? Total,
    PageCursor? Next,
    ImmutableArray<string> Warnings);

/// <summary>A history request (https://hl7.org/fhir/R4/http.html#history).</summary>
public sealed record HistoryQuery
{
    /// <summary>One type, or null for all.</summary>
    public string? Type { get; init; }

    /// <summary>One resource of that type, or null.</summary>
    public string? Id { get; init; }

    /// <summary>Only versions made at or after this.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only versions made before this.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Versions that were current at some time in this range, or null.</summary>
    public DateRange? At { get; init; }

    /// <summary>Oldest first.</summary>
    public bool OldestFirst { get; init; }

    /// <summary>Versions per page; 0 for a count alone.</summary>
    public int Count { get; init; } = 50;

    /// <summary>Where the page starts; null for the first.</summary>
    public HistoryCursor? After { get; init; }
}

/// <summary>A place in a history: the time, storage key and version of the last entry given.</summary>
public sealed record HistoryCursor(long Updated, long Key, int Version);

/// <summary>One page of a history.</summary>
/// <param name="Entries">Versions in order, deletions among them.</param>
/// <param name="Total">All versions, or null where there are too many to count for nothing.</param>
/// <param name="Next">Where the next page starts; null on the last page.</param>
public sealed record HistoryPage(ImmutableArray<StoredResource> Entries, long? Total, HistoryCursor? Next);
