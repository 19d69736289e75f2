using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>
/// Rings when letters have come: PostgreSQL tells it (LISTEN), so that nobody looks in vain. SQLite tells nothing, and neither does a connection
/// that is down: then it rings now and then.
/// </summary>
internal sealed class RoomBell(StorageSettings settings, TimeProvider clock, ILogger<RoomBell> logger) : BackgroundService
{
    private const string Channel = "room_mail";
    private const int EveryTime = 3;
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, bool> _rung = new(StringComparer.Ordinal);
    private volatile bool _listens;
    private int _asked;

    /// <summary>Rings for nodes, on a connection of PostgreSQL.</summary>
    public static string Ring => $"SELECT pg_notify('{Channel}', {{0}})";

    public bool HasRung(string node) => _rung.TryRemove(node, out _) || (!_listens && Interlocked.Increment(ref _asked) % EveryTime == 0);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (settings.Provider == DatabaseProvider.PostgreSql && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(fault, "Nobody tells when letters for rooms have come; until then this node looks by itself");
                await Task.Delay(_pause, clock, stoppingToken);
            }
            finally
            {
                _listens = false;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        connection.Notification += (_, letter) => _rung[letter.Payload] = true;
        await connection.OpenAsync(cancellationToken);
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        _listens = true;
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }
}
