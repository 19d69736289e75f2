using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;

namespace TeleFhir.Infrastructure.Audit;

/// <inheritdoc cref="IAuditTrail" />
/// <remarks>
/// One queue and one writer for each process. The writer appends whatever waits as one page, and then rests for a moment: many entries in a
/// page cost the database little more than one. What was committed with a change is durable already and only gets its place in the
/// chain here.
/// </remarks>
internal sealed class AuditTrail : IAuditTrail, IAsyncDisposable
{
    /// <summary>Well below the second within which an entry must be durable.</summary>
    private static readonly TimeSpan _rest = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(5);

    private const int MostWaiting = 8192;
    private const int MostInPage = 4096;

    /// <summary>Versions that an entry keeps in memory until it is written; of more the names are read out at once.</summary>
    private const int MostBytesKept = 16 * 1024;

    private readonly AuditChain _chain;
    private readonly ILogger<AuditTrail> _logger;
    private readonly Channel<Waiting> _queue =
        Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writer;

    public AuditTrail(AuditChain chain, ILogger<AuditTrail> logger)
    {
        (_chain, _logger) = (chain, logger);
        _writer = WriteAllAsync();
    }

    /// <inheritdoc />
    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        var waiting = KeptBytes(entry) > MostBytesKept
            ? new Waiting(null, LineOf(entry), null)
            : new Waiting(entry, null, null);
        return _queue.Writer.TryWrite(waiting) ? default : _queue.Writer.WriteAsync(waiting, cancellationToken);
    }

    /// <summary>
    /// Takes a record that is in the database. Where the queue is full, or the process ends before its turn, it is found there later.
    /// </summary>
    public void Take(AuditIntakeRow intake) => _queue.Writer.TryWrite(new Waiting(null, intake.Payload, intake.Key));

    /// <summary>Writes what waits, ends the chain, and returns when that is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        // Registered under two names it is disposed of twice.
        if (_queue.Writer.TryComplete())
        {
            await _stopping.CancelAsync();
            await _writer;
            _stopping.Dispose();
        }
    }

    private byte[] LineOf(AuditEntry entry)
    {
        try
        {
            return AuditRecordJson.Write(AuditRecord.Of(entry));
        }
        catch (JsonException unreadable)
        {
            // Content that cannot be read must not keep it from being known who read it.
            _logger.LogError(unreadable, "The patients of a stored version could not be found for the audit trail");
            var names = entry.Touched.Select(resource => resource.Key.ToString());
            return AuditRecordJson.Write(AuditRecord.Of(entry with { Touched = [], Resources = entry.Resources.AddRange(names) }));
        }
    }

    private static int KeptBytes(AuditEntry entry)
    {
        var bytes = 0;
        foreach (var resource in entry.Touched)
        {
            bytes += resource.Json.Length;
        }

        return bytes;
    }

    private async Task WriteAllAsync()
    {
        var lines = new List<byte[]>();
        var intake = new List<(long Key, byte[] Line)>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (lines.Count + intake.Count < MostInPage && _queue.Reader.TryRead(out var waiting))
            {
                var line = waiting.Line ?? LineOf(waiting.Entry!);
                if (waiting.Intake is { } key)
                {
                    intake.Add((key, line));
                }
                else
                {
                    lines.Add(line);
                }
            }

            if (lines.Count + intake.Count > 0 && !await AppendAsync(lines, intake))
            {
                return;
            }

            lines.Clear();
            intake.Clear();
            await RestAsync(_rest);
        }

        await AppendEndAsync();
    }

    /// <summary>Tries until it succeeds; false where the process ends first.</summary>
    private async Task<bool> AppendAsync(List<byte[]> lines, List<(long Key, byte[] Line)> intake)
    {
        for (var pause = _rest; ; pause = pause * 2 < _longestRetry ? pause * 2 : _longestRetry)
        {
            try
            {
                await _chain.AppendAsync(lines, intake);
                return true;
            }
            catch (Exception exception)
            {
                if (_stopping.IsCancellationRequested && pause > _rest)
                {
                    _logger.LogCritical(exception, "{Count} audit entries are lost: the server stops and the database does not answer", lines.Count);
                    return false;
                }

                _logger.LogError(exception, "Audit entries cannot be written; {Count} wait", lines.Count + intake.Count);
                await RestAsync(pause);
            }
        }
    }

    private async Task AppendEndAsync()
    {
        try
        {
            await _chain.CloseAsync();
        }
        catch (Exception exception)
        {
            // The chain ends without saying so, as it does when the process is killed.
            _logger.LogWarning(exception, "The end of the audit chain could not be written");
        }
    }

    private async Task RestAsync(TimeSpan time)
    {
        // Not by the injected clock: this is for the disk, and a clock that stands still would stop the log.
        await Task.Delay(time, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>An entry, or the line it has become already, and where it lies if it is in the database.</summary>
    private readonly record struct Waiting(AuditEntry? Entry, byte[]? Line, long? Intake);
}
