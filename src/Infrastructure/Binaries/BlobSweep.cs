using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Binaries;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>
/// Removes blobs that no version of a resource has: their commit failed or never came. Young ones are left alone, for theirs may be under way.
/// Any number of servers may do it at once.
/// </summary>
internal sealed partial class BlobSweep(
    IBlobStore blobs, BlobStoreSettings place, Func<TeleFhirDb> open, TimeProvider clock, ILogger<BlobSweep> logger) : BackgroundService
{
    /// <summary>No commit takes so long.</summary>
    public static readonly TimeSpan Young = TimeSpan.FromHours(2);

    private const int AtOnce = 500;
    private static readonly TimeSpan _period = TimeSpan.FromHours(1);

    /// <summary>How many were removed.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var until = clock.GetUtcNow() - Young;
        var old = new List<string>();
        var removed = 0;
        await foreach (var blob in blobs.ListAsync(cancellationToken))
        {
            if (blob.Written < until)
            {
                old.Add(blob.Name);
            }

            if (old.Count == AtOnce)
            {
                removed += await RemoveAsync(old, cancellationToken);
                old.Clear();
            }
        }

        SweepIncoming(until);
        return removed + await RemoveAsync(old, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, fault);
            }
        }
    }

    private async Task<int> RemoveAsync(List<string> names, CancellationToken cancellationToken)
    {
        await using var db = open();
        var owned = await db.Set<BlobRow>().Where(row => names.Contains(row.Name)).Select(row => row.Name).ToListAsync(cancellationToken);
        var orphans = names.Except(owned, StringComparer.Ordinal).ToList();
        foreach (var name in orphans)
        {
            await blobs.DeleteAsync(name, cancellationToken);
        }

        return orphans.Count;
    }

    /// <summary>What was on its way in when a server died.</summary>
    private void SweepIncoming(DateTimeOffset until)
    {
        var incoming = new DirectoryInfo(Path.Combine(place.Folder, "incoming"));
        foreach (var file in incoming.Exists ? incoming.EnumerateFiles() : [])
        {
            if (file.LastWriteTimeUtc < until.UtcDateTime)
            {
                file.Delete();
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Blobs that nothing refers to could not be removed; the next try is in an hour")]
    private static partial void Failed(ILogger logger, Exception fault);
}
