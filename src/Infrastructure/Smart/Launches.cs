using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ILaunches" />
internal sealed class Launches(SmartDb database, TimeProvider clock) : ILaunches
{
    public async Task AddAsync(string token, LaunchContext launch, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        db.Add(new LaunchRow
        {
            Hash = SmartHash.Of(token),
            ClientId = launch.ClientId,
            UserId = launch.UserId,
            Patient = launch.Patient,
            Encounter = launch.Encounter,
            Intent = launch.Intent,
            Expires = launch.Expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<LaunchContext?> FindAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var hash = SmartHash.Of(token);
        var now = clock.GetUtcNow().UtcTicks;
        var row = await db.Set<LaunchRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Hash == hash && row.Expires > now, cancellationToken);
        return row is null
            ? null
            : new LaunchContext(row.ClientId, row.UserId, row.Patient, row.Encounter, row.Intent, new DateTimeOffset(row.Expires, TimeSpan.Zero));
    }

    public async Task<bool> TakeAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var hash = SmartHash.Of(token);
        var now = clock.GetUtcNow().UtcTicks;
        return await db.Set<LaunchRow>().Where(row => row.Hash == hash && row.Expires > now).ExecuteDeleteAsync(cancellationToken) == 1;
    }
}
