namespace TeleFhir.Api.Monitoring;

/// <summary>
/// Readings that are worked on and that wait for it, in this process. There is room for only so many: whoever finds none is told so at once,
/// rather than waiting until the client has given up and sends it all again.
/// </summary>
internal sealed class IngestQueue(MonitoringOptions options) : IDisposable
{
    /// <summary>A reading is seldom larger; one that is takes the room of several.</summary>
    private const int BytesOfReading = 1024;

    private readonly SemaphoreSlim _running = new(options.MostRunning);
    private readonly Lock _lock = new();
    private int _waiting;

    /// <summary>Takes room for readings; false where there is none. What is larger than all the room is taken when nobody else is there.</summary>
    public bool TryEnter(int readings, int bytes, out int room)
    {
        room = Math.Max(Math.Max(readings, 1), bytes / BytesOfReading);
        lock (_lock)
        {
            if (_waiting > 0 && _waiting + room > options.MostWaiting)
            {
                return false;
            }

            _waiting += room;
            return true;
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Leave(int room)
    {
        lock (_lock)
        {
            _waiting -= room;
        }
    }

    /// <summary>Runs when it is its turn.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> run, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken);
        try
        {
            return await run();
        }
        finally
        {
            _running.Release();
        }
    }

    public void Dispose() => _running.Dispose();
}
