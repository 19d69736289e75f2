using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IRememberedConsents" />
internal sealed class RememberedConsents(SmartDb database) : IRememberedConsents
{
    public async Task<ImmutableArray<string>> FindAsync(string userId, string clientId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var scopes = await Of(db, userId, clientId).Select(row => row.Scopes).FirstOrDefaultAsync(cancellationToken);
        return [.. (scopes ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    public async Task RememberAsync(string userId, string clientId, ImmutableArray<string> scopes, CancellationToken cancellationToken)
    {
        var text = string.Join(' ', scopes);
        if (await database.TryInsertAsync(new RememberedConsentRow { UserId = userId, ClientId = clientId, Scopes = text }, cancellationToken))
        {
            return;
        }

        await using var db = database.Open();
        await Of(db, userId, clientId).ExecuteUpdateAsync(row => row.SetProperty(column => column.Scopes, text), cancellationToken);
    }

    public async Task ForgetAsync(string userId, string clientId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await Of(db, userId, clientId).ExecuteDeleteAsync(cancellationToken);
    }

    public async Task ForgetClientAsync(string clientId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<RememberedConsentRow>().Where(row => row.ClientId == clientId).ExecuteDeleteAsync(cancellationToken);
    }

    private static IQueryable<RememberedConsentRow> Of(DbContext db, string userId, string clientId) =>
        db.Set<RememberedConsentRow>().Where(row => row.UserId == userId && row.ClientId == clientId);
}
