using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ISigningKeys" />
internal sealed class SigningKeys(SmartDb database) : ISigningKeys
{
    public async Task<IReadOnlyList<SigningKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = await db.Set<SigningKeyRow>().AsNoTracking().OrderBy(row => row.Number).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new SigningKey(row.Number, row.Id, row.Sealed, new DateTimeOffset(row.ActiveFrom, TimeSpan.Zero)))];
    }

    public Task<bool> AddAsync(SigningKey key, CancellationToken cancellationToken) => database.TryInsertAsync(
        new SigningKeyRow { Number = key.Number, Id = key.Id, Sealed = key.Sealed, ActiveFrom = key.ActiveFrom.UtcTicks }, cancellationToken);

    public async Task RemoveAsync(int number, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<SigningKeyRow>().Where(row => row.Number == number).ExecuteDeleteAsync(cancellationToken);
    }
}
