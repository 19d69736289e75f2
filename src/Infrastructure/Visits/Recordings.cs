using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>A <see cref="Recording"/>; times are ticks in UTC.</summary>
internal sealed class RecordingRow
{
    public string Id { get; set; } = "";

    public string Encounter { get; set; } = "";

    public string StartedBy { get; set; } = "";

    public long Started { get; set; }

    /// <summary>When it ended; 0 while it runs, which one for each Encounter can.</summary>
    public long Stopped { get; set; }

    /// <summary>Consents, with a space between them.</summary>
    public string Consents { get; set; } = "";

    public bool IsFiled { get; set; }

    public Recording ToRecording() => new(Id, Encounter, StartedBy, new DateTimeOffset(Started, TimeSpan.Zero), [.. Consents.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
    {
        Stopped = Stopped == 0 ? null : new DateTimeOffset(Stopped, TimeSpan.Zero),
    };
}

/// <inheritdoc cref="IRecordings" />
internal sealed class Recordings(Database database, Func<TeleFhirDb> open) : IRecordings
{
    public async Task<bool> StartAsync(Recording recording, CancellationToken cancellationToken)
    {
        await using var db = open();
        db.Add(new RecordingRow
        {
            Id = recording.Id,
            Encounter = recording.Encounter,
            StartedBy = recording.By,
            Started = recording.Started.UtcTicks,
            Consents = string.Join(' ', recording.Consents),
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException taken) when (taken.InnerException is { } inner && database.IsRace(inner))
        {
            return false;
        }
    }

    public async Task<Recording?> FindAsync(string encounter, CancellationToken cancellationToken)
    {
        await using var db = open();
        return (await db.Set<RecordingRow>().AsNoTracking().SingleOrDefaultAsync(row => row.Encounter == encounter && row.Stopped == 0, cancellationToken))?.ToRecording();
    }

    public async Task<ImmutableArray<Recording>> RunningAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        return [.. (await db.Set<RecordingRow>().AsNoTracking().Where(row => row.Stopped == 0).ToListAsync(cancellationToken)).Select(row => row.ToRecording())];
    }

    public async Task<Recording?> StopAsync(string encounter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await FindAsync(encounter, cancellationToken) is not { } running)
        {
            return null;
        }

        await using var db = open();
        var stopped = await db.Set<RecordingRow>().Where(row => row.Id == running.Id && row.Stopped == 0)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.Stopped, now.UtcTicks), cancellationToken);
        return stopped == 1 ? running with { Stopped = now } : null;
    }

    public async Task<Recording?> FindUnfiledAsync(string encounter, CancellationToken cancellationToken)
    {
        await using var db = open();
        return (await db.Set<RecordingRow>().AsNoTracking().Where(row => row.Encounter == encounter && row.Stopped != 0 && !row.IsFiled)
            .OrderByDescending(row => row.Stopped).FirstOrDefaultAsync(cancellationToken))?.ToRecording();
    }

    public async Task<bool> FileAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = open();
        return await db.Set<RecordingRow>().Where(row => row.Id == id && !row.IsFiled)
            .ExecuteUpdateAsync(row => row.SetProperty(one => one.IsFiled, true), cancellationToken) == 1;
    }
}
