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
}
