using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Visits;

namespace TeleFhir.Infrastructure.Scheduling;

/// <inheritdoc cref="IHolds" />
internal sealed class Holds(Func<TeleFhirDb> open, TimeProvider clock) : IHolds
{
    private const int Most = 200;
    private static readonly short _appointment = ResourceCatalog.NumberOf("Appointment");

    public async Task<IReadOnlyList<string>> RunOutAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        await using var db = open();
        return await db.Set<OccupancyRow>().Where(row => row.Expires > 0 && row.Expires <= now)
            .Join(db.Resources, row => row.Key, resource => resource.Key, (row, resource) => resource)
            .Where(resource => resource.Type == _appointment)
            .Select(resource => resource.Id)
            .Distinct()
            .Take(Most)
            .ToListAsync(cancellationToken);
    }
}
