using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ILaunches" />
internal sealed class Launches(Func<TeleFhirDb> context, TimeProvider clock) : ILaunches
{
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(5);

    public async Task<string> AddAsync(LaunchContext launch, CancellationToken cancellationToken)
    {
        await using var db = context();
        var (parameter, now) = (Secrets.New(), clock.GetUtcNow());
        var gone = now.UtcTicks;
        await db.Launches.Where(row => row.Expires < gone).ExecuteDeleteAsync(cancellationToken);
        db.Launches.Add(new LaunchRow
        {
            Hash = Secrets.HashOf(parameter),
            UserId = launch.UserId,
            ClientId = launch.ClientId,
            Patient = launch.Patient,
            Encounter = launch.Encounter,
            Intent = launch.Intent,
            Expires = (now + _life).UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
        return parameter;
    }

    public async Task<LaunchContext?> FindAsync(string launch, CancellationToken cancellationToken)
    {
        await using var db = context();
        var (hash, now) = (Secrets.HashOf(launch), clock.GetUtcNow().UtcTicks);
        return await db.Launches.AsNoTracking().FirstOrDefaultAsync(row => row.Hash == hash && row.Expires > now, cancellationToken) is { } found
            ? new(found.UserId, found.ClientId, found.Patient) { Encounter = found.Encounter, Intent = found.Intent }
            : null;
    }

    public async Task<bool> TakeAsync(string launch, CancellationToken cancellationToken)
    {
        await using var db = context();
        var (hash, now) = (Secrets.HashOf(launch), clock.GetUtcNow().UtcTicks);
        return await db.Launches.Where(row => row.Hash == hash && row.Expires > now).ExecuteDeleteAsync(cancellationToken) == 1;
    }
}

/// <inheritdoc cref="IUsedAssertions" />
internal sealed class UsedAssertions(Func<TeleFhirDb> context, TimeProvider clock) : IUsedAssertions
{
    public async Task<bool> TryUseAsync(string issuer, string assertionId, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        await using var db = context();
        var now = clock.GetUtcNow().UtcTicks;
        await db.Assertions.Where(row => row.Expires < now).ExecuteDeleteAsync(cancellationToken);
        db.Assertions.Add(new AssertionRow { Hash = Secrets.HashOf($"{issuer.Length}:{issuer}{assertionId}"), Expires = expires.UtcTicks });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException)
        {
            // The primary key decides which of several is the first.
            return false;
        }
    }
}
