using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>What is known of the time that humans and rooms have given away, for whoever looks for times; nobody is shown it.</summary>
public interface ITakenTimes
{
    /// <summary>All that takes time of one of these within an interval, holds that ran out among them; one statement.</summary>
    /// <param name="actors">Whose time: see <see cref="Occupancy.ActorOf"/>.</param>
    /// <param name="within">When.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<OccupancyEntry>> OfAsync(IReadOnlyCollection<string> actors, Interval within, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of Appointments that are to come and take nobody's time: those that an earlier version of the server stored, and those that rightly take
    /// none.
    /// </summary>
    /// <param name="from">Those that begin from then on.</param>
    /// <param name="after">The place behind which to go on; 0 at first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<(IReadOnlyList<string> Ids, long Last)> MissingAsync(DateTimeOffset from, long after, CancellationToken cancellationToken);
}
