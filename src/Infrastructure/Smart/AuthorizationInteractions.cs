using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IAuthorizationInteractions" />
internal sealed class AuthorizationInteractions(SmartDb database, TimeProvider clock) : IAuthorizationInteractions
{
    public async Task AddAsync(AuthorizationInteraction interaction, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var now = clock.GetUtcNow();

        // Only adding makes the table grow, so adding is when it is tidied.
        await db.Set<InteractionRow>().Where(row => row.Expires <= now.UtcTicks).ExecuteDeleteAsync(cancellationToken);
        db.Add(new InteractionRow
        {
            Hash = SmartHash.Of(interaction.Id),
            Request = JsonSerializer.Serialize(interaction with { Decision = null, Created = now }),
            Decision = interaction.Decision is null ? null : JsonSerializer.Serialize(interaction.Decision),
            Expires = interaction.Expires.UtcTicks,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<AuthorizationInteraction?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await Live(db, id).AsNoTracking().FirstOrDefaultAsync(cancellationToken) is { } row ? Read(row) : null;
    }

    public async Task<bool> BindAsync(string id, string browser, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var hash = SmartHash.Of(browser);
        return await Live(db, id).Where(row => row.Browser == null || row.Browser == hash)
            .ExecuteUpdateAsync(row => row.SetProperty(column => column.Browser, hash), cancellationToken) == 1;
    }

    public async Task<bool> DecideAsync(string id, InteractionDecision decision, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var json = JsonSerializer.Serialize(decision);
        return await Live(db, id).Where(row => row.Decision == null)
            .ExecuteUpdateAsync(row => row.SetProperty(column => column.Decision, json), cancellationToken) == 1;
    }

    public async Task<AuthorizationInteraction?> TakeAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var decided = Live(db, id).Where(row => row.Decision != null);
        var row = await decided.AsNoTracking().FirstOrDefaultAsync(cancellationToken);

        // Whoever deletes the row has it; a decision does not change once it is made.
        return row is not null && await decided.ExecuteDeleteAsync(cancellationToken) == 1 ? Read(row) : null;
    }

    private IQueryable<InteractionRow> Live(DbContext db, string id)
    {
        var hash = SmartHash.Of(id);
        var now = clock.GetUtcNow().UtcTicks;
        return db.Set<InteractionRow>().Where(row => row.Hash == hash && row.Expires > now);
    }

    private static AuthorizationInteraction Read(InteractionRow row) => JsonSerializer.Deserialize<AuthorizationInteraction>(row.Request)! with
    {
        Decision = row.Decision is null ? null : JsonSerializer.Deserialize<InteractionDecision>(row.Decision),
    };
}
