using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Storage;

/// <summary>
/// Brings the index in line with what it is to hold: of SearchParameters that are stored (status active), and of everything after the
/// layout of the index has changed. It works in the background while others read and write, in small transactions, and goes on after a
/// restart where it stopped. Several servers on one database share the work.
/// </summary>
public interface IReindexing
{
    /// <summary>Takes in the SearchParameters that are stored, for a process that does not serve.</summary>
    Task LoadAsync(CancellationToken cancellationToken);

    /// <summary>What there is to index and how far it is: the index of everything first, then each active SearchParameter.</summary>
    Task<ImmutableArray<IndexState>> StateAsync(CancellationToken cancellationToken);

    /// <summary>Has the index of everything written anew; 403 unless the caller may change SearchParameters.</summary>
    Task RestartAsync(Caller caller, CancellationToken cancellationToken);

    /// <summary>Does all that there is to do, here and now.</summary>
    Task FinishAsync(CancellationToken cancellationToken);
}

/// <summary>How far an index has come.</summary>
public enum ReindexState
{
    /// <summary>It is to begin.</summary>
    Waiting,

    /// <summary>Resources are being indexed.</summary>
    Running,

    /// <summary>All that is stored is indexed; searches may use it.</summary>
    Ready,

    /// <summary>The definition cannot be indexed.</summary>
    Refused,
}

/// <summary>One index.</summary>
/// <param name="SearchParameter">The id of the SearchParameter; null for the index of everything.</param>
/// <param name="Code">The parameter's name; empty for the index of everything.</param>
/// <param name="State">How far it is.</param>
/// <param name="Indexed">Resources that are done.</param>
/// <param name="Note">Why it was refused; else empty.</param>
public sealed record IndexState(string? SearchParameter, string Code, ReindexState State, long Indexed, string Note);
