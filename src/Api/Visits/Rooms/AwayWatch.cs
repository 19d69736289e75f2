using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>
/// When everybody has been gone from a room for a while, the Encounter is on leave; when somebody comes back, it goes on. A call that drops
/// never ends a visit. Also tells of those who vanished with a server that died, and forgets what is over. Any number of nodes may do it at once.
/// </summary>
internal sealed class AwayWatch(
    VisitRooms rooms,
    IVisitPresence presence,
    IJoinTokens tokens,
    IVisitInvites invites,
    IRoomMail mail,
    VisitDesk desk,
    TimeProvider clock,
    ILogger<AwayWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _kept = TimeSpan.FromDays(7);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await rooms.TellVanishedAsync(cancellationToken);
        foreach (var id in await presence.AbandonedAsync(now - desk.Options.AwayAfter, cancellationToken))
        {
            if (await desk.FindEncounterAsync(id, cancellationToken) is { Status: Encounter.EncounterStatus.InProgress })
            {
                await StepAsync(id, "$visit-away", flow => flow.Pause, cancellationToken);
            }

            await presence.SettleAsync(id, cancellationToken);
        }

        await tokens.PruneAsync(cancellationToken);
        await invites.PruneAsync(cancellationToken);
        await mail.PruneAsync(cancellationToken);
        await presence.PruneAsync(now - _kept, cancellationToken);
    }

    /// <summary>Somebody has come into the room.</summary>
    public async Task ReturnAsync(string id, CancellationToken cancellationToken)
    {
        if (await desk.FindEncounterAsync(id, cancellationToken) is { Status: Encounter.EncounterStatus.Onleave })
        {
            await StepAsync(id, "$visit-back", flow => flow.Resume, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var period = desk.Options.AwayAfter < _longest ? desk.Options.AwayAfter : _longest;
        using var timer = new PeriodicTimer(period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Empty rooms could not be looked for; the next try is in {Seconds} s", period.TotalSeconds);
            }
        }
    }

    private async Task StepAsync(string id, string name, Func<VisitFlow, Func<Encounter, Decision<Encounter>>> step, CancellationToken cancellationToken)
    {
        try
        {
            var flow = step(new VisitFlow(clock.GetUtcNow()));
            await desk.CommitAsync(null, name, null, cancellationToken, desk.Step<Encounter>(id, before => flow(before)));
        }
        catch (FhirException outrun)
        {
            // Somebody else, or another node, was faster.
            logger.LogDebug(outrun, "{Step} was not needed any more", name);
        }
    }
}
