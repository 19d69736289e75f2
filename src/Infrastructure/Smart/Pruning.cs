using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>
/// Removes what has run out: tokens, grants without any, launches, marks of single use. Every token issued is a row, so without this the
/// tables only grow. Any number of nodes may do it at once.
/// </summary>
internal sealed class Pruning(IServiceScopeFactory scopes, SmartDb database, TimeProvider clock, ILogger<Pruning> logger)
    : PeriodicRemoval(TimeSpan.FromMinutes(15), clock, logger)
{
    // A used refresh token has to be known for a while, or its reuse could not be told from nonsense.
    private static readonly TimeSpan _kept = TimeSpan.FromDays(1);

    public override async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        await using (var db = database.Open())
        {
            await db.Set<LaunchRow>().Where(row => row.Expires <= now.UtcTicks).ExecuteDeleteAsync(cancellationToken);
            await db.Set<SingleUseRow>().Where(row => row.Expires <= now.UtcTicks).ExecuteDeleteAsync(cancellationToken);
        }

        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(now - _kept, cancellationToken);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(now - _kept, cancellationToken);
    }
}
