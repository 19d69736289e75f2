using System.Collections.Immutable;

namespace TeleFhir.Domain.Visits;

/// <summary>A recording of a visit.</summary>
/// <param name="Id">Its own id.</param>
/// <param name="Encounter">Id of the Encounter.</param>
/// <param name="By">Who started it, as <c>Type/id</c>, or the client that acts for staff.</param>
/// <param name="Started">When.</param>
/// <param name="Consents">The Consents that it rests on, as <c>Consent/id</c>.</param>
public sealed record Recording(string Id, string Encounter, string By, DateTimeOffset Started, ImmutableArray<string> Consents)
{
    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Stopped { get; init; }
}

/// <summary>Which visits are being recorded, on whichever node. The database decides between those who start or stop one at the same moment.</summary>
public interface IRecordings
{
    /// <summary>Begins one; false where the visit is being recorded already.</summary>
    Task<bool> StartAsync(Recording recording, CancellationToken cancellationToken);

    /// <summary>The one that runs; null where there is none.</summary>
    Task<Recording?> FindAsync(string encounter, CancellationToken cancellationToken);

    /// <summary>All that run.</summary>
    Task<ImmutableArray<Recording>> RunningAsync(CancellationToken cancellationToken);

    /// <summary>Ends the one that runs; of any number who do it at the same moment one is told of it, the others null.</summary>
    Task<Recording?> StopAsync(string encounter, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The latest that has ended and of which no file was filed; null where there is none.</summary>
    Task<Recording?> FindUnfiledAsync(string encounter, CancellationToken cancellationToken);

    /// <summary>That its file is filed; false where it was already.</summary>
    Task<bool> FileAsync(string id, CancellationToken cancellationToken);
}
