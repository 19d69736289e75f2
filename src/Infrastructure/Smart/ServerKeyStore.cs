using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IServerKeyStore" />
internal sealed class ServerKeyStore(Func<TeleFhirDb> context, Database database) : IServerKeyStore
{
    public async Task<ImmutableArray<StoredSigningKey>> SigningKeysAsync(CancellationToken cancellationToken)
    {
        await using var db = context();
        var rows = await db.SigningKeys.AsNoTracking().OrderByDescending(row => row.Created).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new StoredSigningKey(row.Id, row.Sealed, new DateTimeOffset(row.Created, TimeSpan.Zero)))];
    }

    public async Task<bool> AddSigningKeyAsync(StoredSigningKey key, DateTimeOffset unlessNewerThan, CancellationToken cancellationToken)
    {
        // The guard makes the nodes look one after the other.
        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        await session.LockAsync(["signing_key"], cancellationToken);
        var newest = new SqlText();
        newest.Append($"SELECT 1 FROM signing_key WHERE created > {newest.Value(unlessNewerThan.UtcTicks)} LIMIT 1");
        if ((await session.QueryAsync(newest, _ => true, cancellationToken)).Count > 0)
        {
            return false;
        }

        var batch = new RowBatch();
        batch.SigningKeys.Add(new SigningKeyRow { Id = key.Id, Sealed = key.Sealed, Created = key.Created.UtcTicks });
        await session.CommitAsync(batch, cancellationToken);
        return true;
    }

    public async Task RemoveSigningKeysAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken)
    {
        await using var db = context();
        var before = createdBefore.UtcTicks;
        await db.SigningKeys.Where(row => row.Created < before).ExecuteDeleteAsync(cancellationToken);
    }

    public IReadOnlyList<string> RingKeys()
    {
        using var db = context();
        return [.. db.RingKeys.AsNoTracking().OrderBy(row => row.Id).Select(row => row.Xml)];
    }

    public void AddRingKey(string xml)
    {
        using var db = context();
        db.RingKeys.Add(new RingKeyRow { Xml = xml });
        db.SaveChanges();
    }
}
