using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IAuthorizationInteractions" />
internal sealed class AuthorizationInteractions(Func<TeleFhirDb> context, TimeProvider clock) : IAuthorizationInteractions
{
    public async Task AddAsync(AuthorizationInteraction interaction, CancellationToken cancellationToken)
    {
        await using var db = context();
        var now = clock.GetUtcNow().UtcTicks;
        await db.Interactions.Where(row => row.Expires < now).ExecuteDeleteAsync(cancellationToken);
        db.Interactions.Add(new InteractionRow
        {
            Hash = Secrets.HashOf(interaction.Id),
            Request = JsonSerializer.Serialize(interaction with { Id = "", Decision = null }),
            Expires = interaction.Expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<AuthorizationInteraction?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = context();
        return await RowAsync(db, id, cancellationToken) is { } row ? Of(id, row) : null;
    }

    public async Task<bool> DecideAsync(string id, InteractionDecision decision, CancellationToken cancellationToken)
    {
        await using var db = context();
        var (hash, now, text) = (Secrets.HashOf(id), clock.GetUtcNow().UtcTicks, JsonSerializer.Serialize(decision));
        return await db.Interactions.Where(row => row.Hash == hash && row.Decision == null && row.Expires > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Decision, text), cancellationToken) == 1;
    }

    public async Task<AuthorizationInteraction?> TakeAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = context();
        if (await RowAsync(db, id, cancellationToken) is not { Decision: not null } row)
        {
            return null;
        }

        // Whoever deletes it has it.
        return await db.Interactions.Where(other => other.Hash == row.Hash).ExecuteDeleteAsync(cancellationToken) == 1 ? Of(id, row) : null;
    }

    private Task<InteractionRow?> RowAsync(TeleFhirDb db, string id, CancellationToken cancellationToken)
    {
        var (hash, now) = (Secrets.HashOf(id), clock.GetUtcNow().UtcTicks);
        return db.Interactions.AsNoTracking().FirstOrDefaultAsync(row => row.Hash == hash && row.Expires > now, cancellationToken);
    }

    private static AuthorizationInteraction Of(string id, InteractionRow row) => JsonSerializer.Deserialize<AuthorizationInteraction>(row.Request)! with
    {
        Id = id,
        Decision = row.Decision is null ? null : JsonSerializer.Deserialize<InteractionDecision>(row.Decision),
    };
}
