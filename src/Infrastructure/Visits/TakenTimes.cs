using NodaTime;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="ITakenTimes" />
internal sealed class TakenTimes(Database database) : ITakenTimes
{
    public async Task<IReadOnlyList<OccupancyEntry>> OfAsync(
        IReadOnlyCollection<string> actors, Interval within, CancellationToken cancellationToken)
    {
        if (actors.Count == 0)
        {
            return [];
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return [.. (await OccupancyRows.ReadAsync(session, database, actors, within, cancellationToken)).Select(taken => taken.Entry)];
    }
}
