using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ILaunches" />
internal sealed class Launches(SmartDb database, TimeProvider clock) : ILaunches
{
    private sealed record Rest(string FhirBase, string SessionId, string? Intent, string? Tenant, string? FhirContext);

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
            Intent = JsonSerializer.Serialize(new Rest(launch.FhirBase, launch.SessionId, launch.Intent, launch.Tenant, launch.FhirContext)),
            Expires = launch.Expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<LaunchContext?> FindAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await Live(db, SmartHash.Of(token)).AsNoTracking().FirstOrDefaultAsync(cancellationToken) is { } row ? Read(row) : null;
    }

    public async Task<LaunchContext?> TakeAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var row = await Live(db, id).AsNoTracking().FirstOrDefaultAsync(cancellationToken);

        // Whoever deletes the row has it; nothing changes a row.
        return row is not null && await Live(db, id).ExecuteDeleteAsync(cancellationToken) == 1 ? Read(row) : null;
    }

    private IQueryable<LaunchRow> Live(DbContext db, string hash)
    {
        var now = clock.GetUtcNow().UtcTicks;
        return db.Set<LaunchRow>().Where(row => row.Hash == hash && row.Expires > now);
    }

    /// <summary>Null where a node of an earlier version wrote it, which did not say all that is asked now.</summary>
    private static LaunchContext? Read(LaunchRow row)
    {
        if (row.Intent is not ['{', ..] || JsonSerializer.Deserialize<Rest>(row.Intent) is not { FhirBase: not null, SessionId: not null } rest)
        {
            return null;
        }

        return new LaunchContext(rest.FhirBase, row.ClientId, row.UserId, rest.SessionId, new DateTimeOffset(row.Expires, TimeSpan.Zero))
        {
            Id = row.Hash,
            Patient = row.Patient,
            Encounter = row.Encounter,
            Intent = rest.Intent,
            Tenant = rest.Tenant,
            FhirContext = rest.FhirContext,
        };
    }
}
