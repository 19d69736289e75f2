using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Audit;

/// <inheritdoc cref="IEmergencyAccess" />
internal sealed class EmergencyAccess(
    Database database, KeySequence keys, AuditTrail trail, TimeProvider clock, ILogger<EmergencyAccess> logger)
    : DatabaseFollower(_period, clock, logger), IEmergencyAccess
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(2);

    /// <summary>Memory that has not followed the database for this long opens nothing: it could miss an end.</summary>
    private static readonly TimeSpan _longestBlind = TimeSpan.FromSeconds(15);

    private View _view = new(FrozenDictionary<string, ImmutableArray<EmergencyAccessRow>>.Empty, 0);

    public ImmutableArray<string> PatientsOf(string userId)
    {
        var view = Volatile.Read(ref _view);
        if (!view.ByUser.TryGetValue(userId, out var open))
        {
            return [];
        }

        var now = Clock.GetUtcNow().UtcTicks;
        return now - view.Read > _longestBlind.Ticks ? [] : [.. open.Where(row => row.Until > now).Select(row => row.Patient).Distinct()];
    }

    public async Task GrantAsync(EmergencyGrant grant, AuditEntry entry, CancellationToken cancellationToken)
    {
        var row = new EmergencyAccessRow
        {
            Key = keys.Next(),
            UserId = grant.UserId,
            Patient = grant.Patient,
            Reason = grant.Reason,
            Granted = grant.Granted.UtcTicks,
            Until = grant.Until.UtcTicks,
        };
        await using (var session = await database.BeginAsync(appends: true, cancellationToken))
        {
            await CommitAsync(session, [row], entry, cancellationToken);
        }

        await RefreshAsync(cancellationToken);
    }

    public async Task<bool> EndAsync(string userId, string patient, AuditEntry entry, CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow().UtcTicks;
        await using (var session = await database.BeginAsync(appends: false, cancellationToken))
        {
            var open = await OpenAsync(session, now, cancellationToken);
            open.RemoveAll(row => row.UserId != userId || row.Patient != patient);
            if (open.Count == 0)
            {
                return false;
            }

            open.ForEach(row => row.Until = now);
            await CommitAsync(session, open, entry, cancellationToken);
        }

        await RefreshAsync(cancellationToken);
        return true;
    }

    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow().UtcTicks;
        await using var session = await database.OpenAsync(cancellationToken);
        var open = await OpenAsync(session, now, cancellationToken);
        var byUser = open.GroupBy(row => row.UserId, StringComparer.Ordinal)
            .ToFrozenDictionary(rows => rows.Key, rows => rows.ToImmutableArray(), StringComparer.Ordinal);
        Volatile.Write(ref _view, new View(byUser, now));
    }

    private static async Task<List<EmergencyAccessRow>> OpenAsync(Session session, long now, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {Tables.EmergencyAccess.ColumnNames} FROM emergency_access WHERE until > {sql.Value(now)} ORDER BY key");
        return await session.QueryAsync(
            sql,
            row => new EmergencyAccessRow
            {
                Key = row.GetInt64(0),
                UserId = row.GetString(1),
                Patient = row.GetString(2),
                Reason = row.GetString(3),
                Granted = row.GetInt64(4),
                Until = row.GetInt64(5),
            },
            cancellationToken);
    }

    private async Task CommitAsync(Session session, List<EmergencyAccessRow> rows, AuditEntry entry, CancellationToken cancellationToken)
    {
        var batch = new RowBatch();
        var intake = new AuditIntakeRow
        {
            Key = keys.Next(),
            Recorded = Clock.GetUtcNow().UtcTicks,
            Payload = AuditRecordJson.Write(AuditRecord.Of(entry)),
        };
        batch.EmergencyAccess.AddRange(rows);
        batch.AuditIntake.Add(intake);
        await session.CommitAsync(batch, cancellationToken);
        trail.Take(intake);
    }

    private sealed record View(FrozenDictionary<string, ImmutableArray<EmergencyAccessRow>> ByUser, long Read);
}
