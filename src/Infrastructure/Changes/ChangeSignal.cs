using System.Threading.Channels;

namespace TeleFhir.Infrastructure.Changes;

/// <summary>Wakes the feed of this process after a commit of this process; those of others are found by looking.</summary>
internal sealed class ChangeSignal
{
    // Not counted: one look finds all that is there.
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _changed.Writer.TryWrite(true);

    /// <summary>Returns after the next commit, or when the time is over.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(longest);
        try
        {
            await _changed.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }
}
