using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Audit;

/// <summary>
/// The chain that this process writes. Its first entry names where the chains before it ended, so that none of them can lose its end, or
/// vanish, unnoticed. Used by one writer.
/// </summary>
internal sealed class AuditChain(Database database, StorageSettings settings, TimeProvider clock, ILogger<AuditChain> logger) : IDisposable
{
    /// <summary>More chains than servers run on one database at a time: each end is named by at least the next start.</summary>
    private const int MostHeads = 100;

    private readonly SemaphoreSlim _appended = new(0, 1);
    private AuditPage? _last;
    private AuditPage? _unsure;
    private byte[]? _start;
    private long _written;

    /// <summary>Its name.</summary>
    public string Name { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>How many entries were written so far.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Returns when there is something new, or after the time.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _appended.WaitAsync(atMost, cancellationToken);

    /// <summary>Appends the lines, and those of the intake that are still there, as one page.</summary>
    public async Task AppendAsync(List<byte[]> lines, List<(long Key, byte[] Line)> intake)
    {
        if (_unsure is { } unsure && await IsStoredAsync(unsure))
        {
            // The last try failed only after it had succeeded.
            Advance(unsure);
            return;
        }

        await using var session = await database.BeginAsync(appends: _last is not null && intake.Count == 0, CancellationToken.None);
        var all = new List<byte[]>(lines.Count + intake.Count + 1);
        if (_last is null)
        {
            all.Add(_start ??= await StartAsync(session));
        }

        if (intake.Count > 0)
        {
            var taken = await TakeAsync(session, [.. intake.Select(one => one.Key)]);
            all.AddRange(intake.Where(one => taken.Contains(one.Key)).Select(one => one.Line));
        }

        all.AddRange(lines);
        if (all.Count > 0)
        {
            await CommitAsync(session, all);
        }
    }

    /// <summary>Says that the chain ends here; nothing where it never began.</summary>
    public async Task CloseAsync()
    {
        if (_last is not null)
        {
            await AppendAsync([AuditRecordJson.Write(new AuditRecord(AuditKind.Trail, "stop", clock.GetUtcNow()))], []);
            logger.LogInformation("Audit chain {Chain} ends at {Next} with {Hash}", Name, _last.Next, Convert.ToHexStringLower(_last.Hash.Span));
        }
    }

    public void Dispose() => _appended.Dispose();

    private async Task CommitAsync(Session session, List<byte[]> lines)
    {
        // Tried again it is the same page, so it does not matter which of the tries got through.
        var recorded = _unsure?.Recorded ?? clock.GetUtcNow().UtcTicks;
        var page = AuditPage.Of(settings.AuditKey.Span, Name, _last?.Next ?? 0, recorded, lines, (_last?.Hash ?? AuditPage.Origin).Span);
        var batch = new RowBatch();
        batch.AuditLog.Add(new AuditLogRow
        {
            Chain = page.Chain,
            Sequence = page.Sequence,
            Entries = page.Entries,
            Recorded = page.Recorded,
            Payload = page.Payload.ToArray(),
            Hash = page.Hash.ToArray(),
        });
        batch.AuditChains.Add(new AuditChainRow { Chain = Name, Next = page.Next, Hash = page.Hash.ToArray(), Updated = page.Recorded });
        _unsure = page;
        await session.CommitAsync(batch, CancellationToken.None);
        Advance(page);
    }

    private void Advance(AuditPage page)
    {
        (_last, _unsure) = (page, null);
        Interlocked.Exchange(ref _written, page.Next);
        if (_appended.CurrentCount == 0)
        {
            _appended.Release();
        }
    }

    private async Task<bool> IsStoredAsync(AuditPage page)
    {
        await using var session = await database.OpenAsync(CancellationToken.None);
        var sql = new SqlText();
        sql.Append($"SELECT hash FROM audit_log WHERE chain = {sql.Value(page.Chain)} AND sequence = {sql.Value(page.Sequence)}");
        var hashes = await session.QueryAsync(sql, row => row.GetFieldValue<byte[]>(0), CancellationToken.None);
        return hashes is [var hash] && hash.AsSpan().SequenceEqual(page.Hash.Span);
    }

    private async Task<byte[]> StartAsync(Session session)
    {
        var sql = new SqlText();
        sql.Append($"SELECT chain, next, hash FROM audit_chain ORDER BY updated DESC, chain LIMIT {MostHeads}");
        var heads = await session.QueryAsync(
            sql,
            row => new AuditHead(row.GetString(0), row.GetInt64(1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2))),
            CancellationToken.None);
        logger.LogInformation("Audit chain {Chain} starts and names {Count} others", Name, heads.Count);
        return AuditRecordJson.Write(new AuditRecord(AuditKind.Trail, "start", clock.GetUtcNow()) { Heads = [.. heads] });
    }

    /// <summary>Takes records out of the intake; those that another process has taken are not among them.</summary>
    private async Task<HashSet<long>> TakeAsync(Session session, ImmutableArray<long> keys)
    {
        var sql = new SqlText();
        sql.Append($"DELETE FROM audit_intake WHERE {database.AnyOf("key", keys, sql)} RETURNING key");
        return [.. await session.QueryAsync(sql, row => row.GetInt64(0), CancellationToken.None)];
    }
}
