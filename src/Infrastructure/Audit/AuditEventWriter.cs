using System.Diagnostics;
using Hl7.Fhir.Model;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Audit;

/// <summary>
/// Makes AuditEvents of the log, so that it can be searched like everything else. The log is the record; this follows it at leisure: at once
/// when there is little to do, and a small part of the time under load. Ids come from the log, so whatever is done twice, after a crash
/// or by two nodes, is done once.
/// </summary>
internal sealed class AuditEventWriter(
    Database database, IResourceStore store, AuditChain own, AuditTrail trail, TimeProvider clock, ILogger<AuditEventWriter> logger)
    : BackgroundService
{
    private const int PagesAtOnce = 20;
    private const int EventsAtOnce = 200;

    /// <summary>Entries per second from which the server counts as busy.</summary>
    private const int Busy = 500;

    /// <summary>Under load: rests for each unit of work.</summary>
    private const int RestsPerWork = 19;

    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRest = TimeSpan.FromSeconds(5);

    /// <summary>Another process's chain that rests for this long may be one that died.</summary>
    private static readonly TimeSpan _abandoned = TimeSpan.FromSeconds(20);
    private static readonly Caller _caller = Caller.System("audit");

    /// <summary>Does one batch. How many entries became AuditEvents: 0 where all have.</summary>
    /// <param name="othersIdleFor">Chains of other processes are done when nothing was added for this long.</param>
    /// <param name="cancellationToken">Gives up between batches.</param>
    public async Task<int> RunOnceAsync(TimeSpan othersIdleFor, CancellationToken cancellationToken)
    {
        var (chain, pages) = await NextAsync(othersIdleFor, cancellationToken);
        if (chain is null)
        {
            return 0;
        }

        var (done, changes) = (chain.Done, new List<Change>());
        foreach (var (number, line) in pages.SelectMany(page => page.Lines()).Where(entry => entry.Number >= chain.Done))
        {
            changes.AddRange(EventsOf(chain.Chain, number, line).Select(ChangeOf));
            done = number + 1;
            if (changes.Count >= EventsAtOnce)
            {
                break;
            }
        }

        await store.CommitAsync(_caller, new ChangeSet([.. changes], []), cancellationToken);
        await using var session = await database.BeginAsync(appends: true, cancellationToken);
        var batch = new RowBatch();
        batch.AuditProgress.Add(new AuditProgressRow { Chain = chain.Chain, Done = done });
        await session.CommitAsync(batch, cancellationToken);
        return (int)(done - chain.Done);
    }

    /// <summary>Gives records that nobody took to the trail: their process died, or its queue was full.</summary>
    public async Task AdoptAsync(TimeSpan olderThan, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var sql = new SqlText();
        sql.Append("SELECT key, recorded, payload FROM audit_intake WHERE recorded <= ")
            .Append(sql.Value((clock.GetUtcNow() - olderThan).UtcTicks)).Append(" ORDER BY key LIMIT 1000");
        var left = await session.QueryAsync(
            sql,
            row => new AuditIntakeRow { Key = row.GetInt64(0), Recorded = row.GetInt64(1), Payload = row.GetFieldValue<byte[]>(2) },
            cancellationToken);
        left.ForEach(trail.Take);
    }

    /// <summary>The AuditEvents of a logged line; none where the line cannot be read, which verifying reports.</summary>
    internal static IEnumerable<AuditEvent> EventsOf(string chain, long number, ReadOnlyMemory<byte> line)
    {
        try
        {
            return AuditEventRendering.Render(chain, number, AuditRecordJson.Read(line));
        }
        catch (FormatException)
        {
            return [];
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (adopted, counted, written) = (0L, Stopwatch.GetTimestamp(), own.Written);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (adopted == 0 || Stopwatch.GetElapsedTime(adopted) > _abandoned)
                {
                    await AdoptAsync(_abandoned, stoppingToken);
                    adopted = Stopwatch.GetTimestamp();
                }

                var start = Stopwatch.GetTimestamp();
                if (await RunOnceAsync(_abandoned, stoppingToken) == 0)
                {
                    await own.WaitAsync(_idle, stoppingToken);
                    continue;
                }

                var work = Stopwatch.GetElapsedTime(start);
                var perSecond = (own.Written - written) / Stopwatch.GetElapsedTime(counted).TotalSeconds;
                (counted, written) = (Stopwatch.GetTimestamp(), own.Written);
                if (perSecond > Busy)
                {
                    var rest = work * RestsPerWork;
                    await Task.Delay(rest < _longestRest ? rest : _longestRest, TimeProvider.System, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogError(exception, "AuditEvents could not be made; the log is complete, and they follow later");
                await Task.Delay(_longestRest, TimeProvider.System, stoppingToken);
            }
        }
    }

    private async Task<(ChainState? Chain, List<AuditPage> Pages)> NextAsync(TimeSpan othersIdleFor, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var latest = (clock.GetUtcNow() - othersIdleFor).UtcTicks;
        foreach (var chain in await AuditLog.ChainsAsync(session, cancellationToken))
        {
            if (chain.Done < chain.Next && (chain.Chain == own.Name || chain.Updated <= latest))
            {
                var pages = await AuditLog.PagesAsync(session, chain.Chain, chain.Done, PagesAtOnce, cancellationToken);

                // A gap in the log is for verifying to report; what is behind it must not wait for it.
                if (pages.Count > 0)
                {
                    return (chain, pages);
                }
            }
        }

        return (null, []);
    }

    private static Change ChangeOf(AuditEvent made) =>
        new PutChange(new ResourceKey("AuditEvent", made.Id!), new ResourceContent(made, FhirJson.Serialize(made)));
}
