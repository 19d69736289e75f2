using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Changes;

/// <summary>
/// Takes changes from the outbox and tells those who follow them. Of all servers on a database one does this. Followers act first; then the
/// taking of the changes and the rows that recorders make of them are committed together, so a crash in between repeats and loses nothing.
/// </summary>
internal sealed partial class ChangeFeed(
    Database database,
    IEnumerable<IChangeFollower> followers,
    IEnumerable<IChangeRecorder> recorders,
    ChangeSignal signal,
    ILogger<ChangeFeed> logger)
    : BackgroundService
{
    private const int MostAtOnce = 1000;
    private const int MostAttempts = 8;
    private const string Guard = "change feed";

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _lookForLead = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(5);

    private readonly ImmutableArray<IChangeFollower> _followers = [.. followers];
    private readonly ImmutableArray<IChangeRecorder> _recorders = [.. recorders];

    private int _attempts;
    private int _atOnce = MostAtOnce;

    /// <summary>Tells of all that is committed, unless another server does so.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var lead = await database.TryLeadAsync(Guard, cancellationToken);
        Forget();
        while (lead is not null && await TakeAsync(lead, cancellationToken) > 0)
        {
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Migrations and what else starts with the host come first.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(stoppingToken);
                await Task.Delay(_lookForLead, TimeProvider.System, stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, fault, _attempts);
                var pause = TimeSpan.FromMilliseconds(50) * Math.Pow(2, Math.Min(_attempts, 10));
                await Task.Delay(pause < _longestPause ? pause : _longestPause, TimeProvider.System, stoppingToken);
            }
        }
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        await using var lead = await database.TryLeadAsync(Guard, cancellationToken);
        Forget();
        while (lead is not null)
        {
            if (await TakeAsync(lead, cancellationToken) == 0)
            {
                await signal.WaitAsync(_look, cancellationToken);
            }
        }
    }

    private async Task<int> TakeAsync(Session lead, CancellationToken cancellationToken)
    {
        var waiting = await Outbox.WaitingAsync(lead, _atOnce, cancellationToken);
        if (waiting.Count == 0)
        {
            return 0;
        }

        var rows = new RowBatch();
        try
        {
            foreach (var recorder in _recorders)
            {
                await recorder.PrepareAsync(waiting, cancellationToken);
            }

            var changes = await Outbox.ChangesAsync(database, lead, [.. waiting.Where(row => IsWanted(ResourceCatalog.NameOf(row.Type)))], cancellationToken);
            foreach (var follower in _followers)
            {
                await TellAsync(follower, changes, cancellationToken);
            }

            foreach (var recorder in _recorders)
            {
                await recorder.RecordAsync(Of(changes, recorder.Wants), rows, cancellationToken);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            _attempts++;
            _atOnce = Math.Max(1, waiting.Count / 2);
            Forget();
            throw;
        }

        await KeepAsync(waiting, rows, cancellationToken);
        return waiting.Count;
    }

    /// <summary>Commits the taking of the changes and what was made of them.</summary>
    private async Task KeepAsync(IReadOnlyList<OutboxRow> waiting, RowBatch rows, CancellationToken cancellationToken)
    {
        var isTaken = false;
        try
        {
            isTaken = await Outbox.TakeAsync(database, waiting, rows, cancellationToken);
        }
        finally
        {
            if (!isTaken)
            {
                Forget();
            }
        }

        if (isTaken)
        {
            _attempts = 0;
            _atOnce = Math.Min(MostAtOnce, _atOnce * 2);
        }
    }

    private void Forget()
    {
        foreach (var recorder in _recorders)
        {
            recorder.Forget();
        }
    }

    private async Task TellAsync(IChangeFollower follower, ImmutableArray<CommittedChange> changes, CancellationToken cancellationToken)
    {
        var wanted = Of(changes, follower.Wants);
        if (wanted.IsEmpty)
        {
            return;
        }

        try
        {
            await follower.FollowAsync(wanted, cancellationToken);
        }
        catch (Exception fault) when (wanted.Length == 1 && _attempts >= MostAttempts && !cancellationToken.IsCancellationRequested)
        {
            // All others wait behind this one.
            LeftOut(logger, fault, follower.Name, wanted[0].Resource.Key.ToString(), _attempts + 1);
        }
    }

    private bool IsWanted(string type) => _followers.Any(follower => follower.Wants(type)) || _recorders.Any(recorder => recorder.Wants(type));

    private static ImmutableArray<CommittedChange> Of(ImmutableArray<CommittedChange> changes, Func<string, bool> wants)
    {
        var types = changes.Select(change => change.Resource.Key.Type).Distinct().Where(wants).ToHashSet(StringComparer.Ordinal);
        return [.. changes.Where(change => types.Contains(change.Resource.Key.Type))];
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Committed changes could not be told to those who follow them ({Attempts} failures in a row); they are told again")]
    private static partial void Failed(ILogger logger, Exception fault, int attempts);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Follower} could not bear a change of {Resource} in {Attempts} attempts; it goes without")]
    private static partial void LeftOut(ILogger logger, Exception fault, string follower, string resource, int attempts);
}
