using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <inheritdoc cref="IDatabaseSchema" />
internal sealed class StartupMigrator(Func<TeleFhirDb> context) : IDatabaseSchema
{
    public async Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        await using var db = context();
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).Count();
        if (pending > 0)
        {
            await db.Database.MigrateAsync(cancellationToken);
        }

        return pending;
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        await using var db = context();
        return await db.Database.CanConnectAsync(cancellationToken)
            && !(await db.Database.GetPendingMigrationsAsync(cancellationToken)).Any();
    }
}
