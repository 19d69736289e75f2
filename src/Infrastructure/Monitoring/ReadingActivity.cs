using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Monitoring;

/// <inheritdoc cref="IReadingActivity" />
internal sealed class ReadingActivity(Database database, SearchParameterCatalog catalog) : IReadingActivity
{
    private readonly ImmutableArray<long> _observationsByDevice =
        [.. catalog.Find("Observation", "device")!.Sources.Select(source => (long)source.ParameterId).Distinct()];

    public async Task<IReadOnlySet<ResourceKey>> HeardSinceAsync(
        IReadOnlyCollection<ResourceKey> devices, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var names = devices.Distinct().ToDictionary(device => StorageHash.OfReference(device.Type, device.Id));
        if (names.Count == 0)
        {
            return ImmutableHashSet<ResourceKey>.Empty;
        }

        // The rank of what refers is its place in time, and the index is in that order.
        var sql = new SqlText();
        sql.Append("SELECT DISTINCT x.hash FROM ix_reference x WHERE ").Append(database.AnyOf("x.param", _observationsByDevice, sql))
            .Append(" AND ").Append(database.AnyOf("x.hash", [.. names.Keys.Order()], sql))
            .Append($" AND x.rank >= {sql.Value(since.UtcTicks)}");
        await using var session = await database.OpenAsync(cancellationToken);
        return (await session.QueryAsync(sql, row => names[row.GetInt64(0)], cancellationToken)).ToHashSet();
    }
}
