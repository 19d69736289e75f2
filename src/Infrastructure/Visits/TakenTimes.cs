using NodaTime;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <inheritdoc cref="ITakenTimes" />
internal sealed class TakenTimes(Database database) : ITakenTimes
{
    private const int Some = 200;

    public async Task<(IReadOnlyList<string> Ids, long Last)> MissingAsync(DateTimeOffset from, long after, CancellationToken cancellationToken)
    {
        // When an Appointment begins is its place in time, which is kept in its own row.
        var sql = new SqlText();
        sql.Append($"SELECT r.key, r.id FROM resource r WHERE r.type = {sql.Value(ResourceCatalog.NumberOf("Appointment"))} AND NOT r.deleted")
            .Append($" AND r.key > {sql.Value(after)} AND r.rank_high > {sql.Value(from.UtcTicks)}")
            .Append($" AND NOT EXISTS (SELECT 1 FROM occupancy o WHERE o.key = r.key) ORDER BY r.key LIMIT {sql.Value(Some)}");
        await using var session = await database.OpenAsync(cancellationToken);
        var found = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Id: row.GetString(1)), cancellationToken);
        return ([.. found.Select(row => row.Id)], found is [.., var last] ? last.Key : after);
    }

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
