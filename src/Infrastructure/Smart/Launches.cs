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
        var hash = SmartHash.Of(token);
        var now = clock.GetUtcNow().UtcTicks;
        var row = await db.Set<LaunchRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Hash == hash && row.Expires > now, cancellationToken);
        return row is null ? null : Read(row);
    }

    public async Task<bool> TakeAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var hash = SmartHash.Of(token);
        var now = clock.GetUtcNow().UtcTicks;
        return await db.Set<LaunchRow>().Where(row => row.Hash == hash && row.Expires > now).ExecuteDeleteAsync(cancellationToken) == 1;
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
            Patient = row.Patient,
            Encounter = row.Encounter,
            Intent = rest.Intent,
            Tenant = rest.Tenant,
            FhirContext = rest.FhirContext,
        };
    }
}
