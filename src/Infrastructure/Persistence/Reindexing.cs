using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using Definition = Hl7.Fhir.Model.SearchParameter;

namespace TeleFhir.Infrastructure.Persistence;

/// <inheritdoc cref="IReindexing" />
/// <remarks>
/// Every server looks every few seconds whether SearchParameters have changed. From then on it writes rows of them; only when every server
/// must have looked does indexing of what was there before begin. A parameter can be searched by once that is done.
/// </remarks>
internal sealed class Reindexing(
    Database database, SearchParameterCatalog catalog, IndexWriter indexWriter, Visibility visibility, TimeProvider clock, ILogger<Reindexing> logger)
    : BackgroundService, IReindexing
{
    /// <summary>How often a server looks for changes.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>When all servers have surely looked.</summary>
    private static readonly TimeSpan _settled = 3 * Period;

    private const string Guard = "reindex";
    private static readonly short _type = ResourceCatalog.NumberOf("SearchParameter");

    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly ReindexBatch _batches = new(indexWriter);
    private ImmutableArray<StoredDefinition> _definitions = [];
    private (long Updated, long Versions, long Jobs) _seen;

    /// <inheritdoc />
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            await using var session = await database.OpenAsync(cancellationToken);
            var jobs = await JobsAsync(session, cancellationToken);
            var changed = new SqlText();
            changed.Append("SELECT COALESCE(MAX(updated), 0), CAST(COALESCE(SUM(version), 0) AS bigint) FROM resource WHERE type = ")
                .Append(changed.Value(_type));
            var (updated, versions) = (await session.QueryAsync(changed, row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken))[0];
            var seen = (updated, versions, jobs.Values.Sum(job => (job.Key ^ job.Version) + ((long)job.State << 8)));
            if (seen == _seen)
            {
                return;
            }

            var sql = new SqlText();
            sql.Append($"SELECT {Tables.Resource.ColumnNames} FROM resource WHERE type = {sql.Value(_type)} AND NOT deleted ORDER BY key");
            var rows = await session.QueryAsync(sql, row => row.ReadResourceRow(), cancellationToken);
            _definitions = Read(rows, jobs);
            catalog.Install(_definitions.Select(definition => definition.Custom).OfType<CustomDefinition>());
            _seen = seen;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <inheritdoc />
    public async Task<ImmutableArray<IndexState>> StateAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        await using var session = await database.OpenAsync(cancellationToken);
        var jobs = await JobsAsync(session, cancellationToken);
        var everything = jobs.GetValueOrDefault(ReindexRow.Everything) ?? new ReindexRow();
        return
        [
            new(null, "", (ReindexState)everything.State, everything.Indexed, ""),
            .. _definitions.Select(definition => jobs.TryGetValue(definition.Key, out var job) && job.Version == definition.Version
                ? new IndexState(definition.Id, definition.Code, (ReindexState)job.State, job.Indexed, definition.Refusal)
                : new IndexState(
                    definition.Id, definition.Code, definition.Custom is null ? ReindexState.Refused : ReindexState.Waiting, 0, definition.Refusal)),
        ];
    }

    /// <inheritdoc />
    public async Task RestartAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.Demand(Interaction.Update, "SearchParameter");
        if (Visibility.IsNothing(visibility.Of(caller, Interaction.Update, "SearchParameter")))
        {
            throw FhirException.Forbidden("This caller may not change what the server indexes.");
        }

        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        await session.LockAsync([Guard], cancellationToken);
        var batch = new RowBatch();
        var stored = (await JobsAsync(session, cancellationToken)).GetValueOrDefault(ReindexRow.Everything);
        batch.Reindexes.Add(new ReindexRow { Key = ReindexRow.Everything, Version = stored?.Version ?? 0, State = (short)ReindexState.Waiting, Done = long.MinValue });
        await session.CommitAsync(batch, cancellationToken);
    }

    /// <inheritdoc />
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        while (await StepAsync(waits: true, cancellationToken) || await IsWorkLeftAsync(waits: false, cancellationToken))
        {
            if (!await IsWorkLeftAsync(waits: true, cancellationToken))
            {
                await Task.Delay(Period, clock, cancellationToken);
            }
        }
    }

    /// <summary>Does the next small part; false where there is none to do now.</summary>
    /// <param name="waits">Whether other servers are given the time to notice a new definition first.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task<bool> StepAsync(bool waits, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (!await IsWorkLeftAsync(waits, cancellationToken))
        {
            return false;
        }

        await using (var session = await database.BeginAsync(appends: false, cancellationToken))
        {
            await session.LockAsync([Guard], cancellationToken);

            // Another server may have done it while this one waited.
            var jobs = await JobsAsync(session, cancellationToken);
            if (Next(jobs, waits) is not { } next)
            {
                return false;
            }

            var batch = new RowBatch();
            await _batches.DoAsync(session, batch, next.Job, next.Definition, cancellationToken);
            await session.CommitAsync(batch, cancellationToken);
        }

        return true;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _loading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await StepAsync(waits: true, stoppingToken))
                {
                    // Others write too: on SQLite they wait for the same one writer.
                    await Task.Delay(TimeSpan.FromMilliseconds(5), clock, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Indexing was interrupted; the next try is in {Seconds} s", Period.TotalSeconds);
            }
        }
    }

    private async Task<bool> IsWorkLeftAsync(bool waits, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return Next(await JobsAsync(session, cancellationToken), waits) is not null;
    }

    /// <summary>What is to be done next: rows of what is gone or changed go first, then what is new, then the index of everything.</summary>
    private (ReindexRow Job, StoredDefinition? Definition)? Next(Dictionary<long, ReindexRow> jobs, bool waits)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var current = _definitions.Where(definition => definition.Custom is not null).ToDictionary(definition => definition.Key);
        foreach (var job in jobs.Values.Where(job => job.Key != ReindexRow.Everything))
        {
            if (!current.TryGetValue(job.Key, out var definition) || definition.Version != job.Version)
            {
                return (job, null);
            }
        }

        foreach (var definition in current.Values)
        {
            var job = jobs.GetValueOrDefault(definition.Key) ?? definition.NewJob();
            if (job.State is not (short)ReindexState.Ready && (!waits || now - definition.Updated >= _settled.Ticks))
            {
                return (job, definition);
            }
        }

        return jobs.GetValueOrDefault(ReindexRow.Everything) is { State: not (short)ReindexState.Ready } everything ? (everything, null) : null;
    }

    private ImmutableArray<StoredDefinition> Read(List<ResourceRow> rows, Dictionary<long, ReindexRow> jobs)
    {
        var definitions = ImmutableArray.CreateBuilder<StoredDefinition>();
        var taken = new HashSet<(string, string)>();
        foreach (var row in rows)
        {
            if (FhirJson.Parse(row.Raw) is not Definition { Status: Hl7.Fhir.Model.PublicationStatus.Active } resource)
            {
                continue;
            }

            var custom = CustomDefinition.Read(catalog, resource, out var refusal);
            if (custom is { Code: var code })
            {
                var names = custom.Types.Select(type => (type, code)).ToList();
                if (taken.Overlaps(names))
                {
                    (custom, refusal) = (null, $"Another SearchParameter has the code {code} for one of its types.");
                }
                else
                {
                    taken.UnionWith(names);
                }
            }

            var isReady = jobs.TryGetValue(row.Key, out var job) && job.Version == row.Version && job.State == (short)ReindexState.Ready;
            definitions.Add(new StoredDefinition(row.Key, row.Id, row.Version, row.Updated, resource.Code ?? "", custom?.Ready(isReady), refusal));
        }

        return definitions.ToImmutable();
    }

    private static async Task<Dictionary<long, ReindexRow>> JobsAsync(Session session, CancellationToken cancellationToken)
    {
        var sql = new SqlText().Append($"SELECT {Tables.Reindex.ColumnNames} FROM reindex");
        var jobs = await session.QueryAsync(
            sql,
            row => new ReindexRow
            {
                Key = row.GetInt64(0),
                Version = row.GetInt32(1),
                Code = row.GetString(2),
                Types = row.GetString(3),
                State = row.GetInt16(4),
                Done = row.GetInt64(5),
                Indexed = row.GetInt64(6),
                Note = row.GetString(7),
            },
            cancellationToken);
        return jobs.ToDictionary(job => job.Key);
    }
}

/// <summary>An active SearchParameter as it is stored; <paramref name="Custom"/> is null where it cannot be indexed.</summary>
internal sealed record StoredDefinition(
    long Key, string Id, int Version, long Updated, string Code, CustomDefinition? Custom, string Refusal)
{
    /// <summary>Nothing is indexed yet.</summary>
    public ReindexRow NewJob() => new()
    {
        Key = Key,
        Version = Version,
        Code = Code,
        Types = string.Join(',', Custom!.Types),
        State = (short)ReindexState.Waiting,
        Done = long.MinValue,
    };
}
