using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>
/// Keeps the rooms of this node in step with what happens elsewhere: fetches its mail, says that it is there, and looks how the visits
/// stand, which anybody may have changed who writes an Encounter or cancels its Appointment.
/// </summary>
internal sealed class RoomWatch(VisitRooms rooms, IRoomMail mail, IVisitPresence presence, VisitDesk desk, TimeProvider clock, ILogger<RoomWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(100);
    private const int StepsToLook = 10;
    private const int StepsToKeep = 50;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_step, clock);
        for (var step = 0L; await timer.WaitForNextTickAsync(stoppingToken); step++)
        {
            try
            {
                if (!rooms.IsEmpty)
                {
                    await StepAsync(step, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Rooms could not be looked after; the next try is in {Milliseconds} ms", _step.TotalMilliseconds);
            }
        }
    }

    private async Task StepAsync(long step, CancellationToken cancellationToken)
    {
        var isTimeToLook = step % StepsToLook == 0;
        foreach (var letter in mail.MayHaveCome(rooms.Node) || isTimeToLook ? await mail.TakeAsync(rooms.Node, cancellationToken) : [])
        {
            await rooms.TakeAsync(letter, cancellationToken);
        }

        if (isTimeToLook)
        {
            await LookAsync(cancellationToken);
        }

        if (step % StepsToKeep == 0)
        {
            await presence.KeepAsync(rooms.Node, cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, someoneWaits) in rooms.Open)
        {
            var encounter = await desk.FindEncounterAsync(id, cancellationToken);
            if (encounter is null || EncounterStates.IsOver(encounter.Status))
            {
                await rooms.CloseAsync(id, null, encounter?.Status == Hl7.Fhir.Model.Encounter.EncounterStatus.Finished ? "finished" : "cancelled", cancellationToken);
            }
            else if (someoneWaits && VisitParties.HasBegun(encounter))
            {
                await rooms.AdmitAsync(id, cancellationToken);
            }
        }
    }
}
