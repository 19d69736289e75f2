using System.Threading.Channels;
using TeleFhir.Infrastructure.Monitoring;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Writes that depend on nothing stored share transactions: each writer takes whatever is waiting, commits it as one, and only then are the
/// waiting told. Nobody waits for company; batches grow by themselves while the disk is busy, and a lone write is a batch of one.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    /// <summary>Resources in one transaction; a change set that is larger by itself goes alone.</summary>
    private const int MostTogether = 1000;
    private const int MostWaiting = 4096;

    private readonly Database _database;
    private readonly Channel<Waiting> _queue = Channel.CreateBounded<Waiting>(MostWaiting);
    private readonly Task[] _writers;

    public GroupCommit(Database database)
    {
        _database = database;
        _writers = [.. Enumerable.Range(0, database.AppendWriters).Select(_ => WriteAllAsync())];
    }

    /// <summary>
    /// Returns once the rows are durable; throws what their own commit failed with, untouched by others'. Where the queue is full it waits
    /// for room. Giving up while waiting does not take the rows back.
    /// </summary>
    public async Task CommitAsync(RowBatch rows, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(rows);
        await _queue.Writer.WriteAsync(waiting, cancellationToken);
        await waiting.Done.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_writers);
    }

    private async Task WriteAllAsync()
    {
        var together = new List<Waiting>();
        var repeating = new List<Waiting>();
        var names = new HashSet<(long, long)>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            for (var resources = 0; resources < MostTogether && _queue.Reader.TryRead(out var waiting); resources += waiting.Rows.NewResources.Count)
            {
                (waiting.Rows.Readings.TrueForAll(reading => names.Add((reading.High, reading.Low))) ? together : repeating).Add(waiting);
            }

            if (together.Count > 0)
            {
                await CommitAsync(together, 0, together.Count);
            }

            // What another of the group has written is there now for whoever looks again.
            repeating.ForEach(waiting => waiting.Done.TrySetException(new NameTakenException()));
            together.Clear();
            repeating.Clear();
            names.Clear();
        }
    }

    /// <summary>Commits a part of the list; where that fails, each half for itself, until what is at fault is alone.</summary>
    private async Task CommitAsync(List<Waiting> together, int from, int count)
    {
        try
        {
            var rows = together[from].Rows;
            if (count > 1)
            {
                rows = new RowBatch();
                for (var at = from; at < from + count; at++)
                {
                    rows.Add(together[at].Rows);
                }
            }

            await using (var session = await _database.BeginAsync(appends: true, CancellationToken.None))
            {
                await session.CommitAsync(rows, CancellationToken.None);
            }
        }
        catch (Exception exception) when (count == 1)
        {
            together[from].Done.TrySetException(exception);
            return;
        }
        catch (Exception)
        {
            await CommitAsync(together, from, count / 2);
            await CommitAsync(together, from + (count / 2), count - (count / 2));
            return;
        }

        for (var at = from; at < from + count; at++)
        {
            together[at].Done.TrySetResult();
        }
    }

    private sealed record Waiting(RowBatch Rows)
    {
        /// <summary>Those who wait go on elsewhere, so that a writer goes on writing.</summary>
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
