using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Access;

/// <inheritdoc cref="IRevocations" />
/// <remarks>
/// Whoever adds holds a guard until the commit, so sequences become visible in their order and following the largest one misses nothing,
/// however long a commit takes.
/// </remarks>
internal sealed class Revocations(Database database, StorageSettings settings, TimeProvider clock, ILogger<Revocations> logger)
    : DatabaseFollower(Period, clock, logger), IRevocations
{
    /// <summary>How far memory may be behind the database.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private const string Guard = "revocation";

    private readonly RevokedNames _revoked = new();
    private long _seen;

    public async Task AddAsync(RevokedKind kind, string value, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        var now = Clock.GetUtcNow();
        var row = new RevocationRow
        {
            Kind = (short)kind,
            Value = value,
            Revoked = now.UtcTicks,
            Expires = (now + settings.LongestTokenLife).UtcTicks,
        };
        await using (var session = await database.BeginAsync(appends: false, cancellationToken))
        {
            await session.LockAsync([Guard], cancellationToken);

            // Only adding makes the table grow, so adding is when it is tidied.
            var expired = new SqlText();
            expired.Append("DELETE FROM revocation WHERE expires <= ").Append(expired.Value(now.UtcTicks)).Append(" RETURNING sequence");
            await session.QueryAsync(expired, reader => reader.GetInt64(0), cancellationToken);
            var batch = new RowBatch();
            batch.Revocations.Add(row);
            await session.CommitAsync(batch, cancellationToken);
        }

        _revoked.Add(row);
    }

    public bool Contains(string? tokenId, string? authorizationId, string? userId, string? clientId, DateTimeOffset issued) =>
        _revoked.Any
        && (_revoked.Contains(RevokedKind.Token, tokenId)
            || _revoked.Contains(RevokedKind.Authorization, authorizationId)
            || _revoked.Contains(RevokedKind.User, userId, issued)
            || _revoked.Contains(RevokedKind.Client, clientId, issued));

    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append("SELECT sequence, kind, value, revoked, expires FROM revocation WHERE sequence > ").Append(sql.Value(_seen))
            .Append(" ORDER BY sequence");
        await using var session = await database.OpenAsync(cancellationToken);
        var rows = await session.QueryAsync(
            sql,
            row => new RevocationRow
            {
                Sequence = row.GetInt64(0),
                Kind = row.GetInt16(1),
                Value = row.GetString(2),
                Revoked = row.GetInt64(3),
                Expires = row.GetInt64(4),
            },
            cancellationToken);
        foreach (var row in rows)
        {
            _revoked.Add(row);
            _seen = row.Sequence;
        }

        _revoked.Forget(Clock.GetUtcNow().UtcTicks);
    }
}
