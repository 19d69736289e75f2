using NodaTime;
using TeleFhir.Domain.Fhir;
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

        var names = actors.Distinct().ToDictionary(StorageHash.Of);
        var sql = new SqlText();
        sql.Append("SELECT r.type, r.id, o.actor, o.session, o.seat, o.capacity, o.low, o.high, o.expires FROM occupancy o JOIN resource r ON r.key = o.key WHERE ")
            .Append(database.AnyOf("o.actor", [.. names.Keys.Order()], sql))
            .Append($" AND o.high > {sql.Value(within.Start.ToDateTimeUtc().Ticks)} AND o.low < {sql.Value(within.End.ToDateTimeUtc().Ticks)}");
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.QueryAsync(
            sql,
            row =>
            {
                var taken = new OccupancyRow
                {
                    Actor = row.GetInt64(2),
                    Session = row.GetInt64(3),
                    Seat = row.GetInt64(4),
                    Capacity = row.GetInt32(5),
                    Low = row.GetInt64(6),
                    High = row.GetInt64(7),
                    Expires = row.GetInt64(8),
                };
                return OccupancyRows.Entry(new ResourceKey(ResourceCatalog.NameOf(row.GetInt16(0)), row.GetString(1)), names[taken.Actor], taken);
            },
            cancellationToken);
    }
}
