using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Api.Visits;

/// <summary><c>$admit</c>, <c>$leave</c> and <c>$end</c>: how a visit begins, is left and ends.</summary>
internal static class VisitSteps
{
    /// <summary>
    /// Lets the patient in: the Encounter is in progress and its Appointment fulfilled, together or not at all. Of two who do it one wins.
    /// </summary>
    public static async Task<FhirResult> HandleAdmitAsync(FhirRequest request, VisitDesk desk, CancellationToken cancellationToken)
    {
        await OperationInput.ReadAsync(request, desk.Server, "admit", [], cancellationToken);
        var (encounter, _) = await desk.EnterAsHostAsync(request, cancellationToken);
        var appointment = await AppointmentOfAsync(desk, encounter, cancellationToken);
        if (appointment?.Status == AppointmentStatus.Booked && CanAdmit(encounter))
        {
            // Nobody checked the patient in, but there the patient is: an Appointment is fulfilled only after an arrival.
            await ArriveAsync(desk, request, appointment.Id!, cancellationToken);
        }

        var now = desk.Server.Clock.GetUtcNow();
        var admitted = desk.Step<Encounter>(encounter.Id!, before => new VisitFlow(now).Admit(before));
        var commit = appointment is null
            ? await desk.CommitAsync(request, "$admit", null, cancellationToken, admitted)
            : await desk.CommitAsync(request, "$admit", null, cancellationToken, admitted, desk.Step<Appointment>(appointment.Id!, before => Fulfil(before, now)));
        await desk.Rooms.AdmitAsync(encounter.Id!, cancellationToken);
        return Answer(commit.Results[0].Resource!) with { IsAudited = true };
    }

    /// <summary>The caller goes out of the room, from all devices; the visit goes on.</summary>
    public static async Task<FhirResult> HandleLeaveAsync(FhirRequest request, VisitDesk desk, CancellationToken cancellationToken)
    {
        await OperationInput.ReadAsync(request, desk.Server, "leave", ["reason"], cancellationToken);
        var (encounter, member) = await desk.EnterAsync(request, cancellationToken);
        await desk.Rooms.CloseAsync(encounter.Id!, member.Participant, "left", cancellationToken);
        return Answer(await desk.Server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken));
    }

    /// <summary>The visit is over for everybody. Of two who do it one wins.</summary>
    public static async Task<FhirResult> HandleEndAsync(FhirRequest request, VisitDesk desk, RecordVisit record, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, desk.Server, "end", ["reason"], cancellationToken);
        var reason = input.All("reason") is [CodeableConcept concept] ? concept.Text ?? concept.Coding.FirstOrDefault()?.Code : input.Text("reason");
        var (encounter, member) = await desk.EnterAsHostAsync(request, cancellationToken);
        var now = desk.Server.Clock.GetUtcNow();
        var commit = await desk.CommitAsync(
            request, "$end", reason, cancellationToken, desk.Step<Encounter>(encounter.Id!, before => new VisitFlow(now).End(before)));
        await record.StopAsync(encounter.Id!, member.Name, "visit-ended", cancellationToken);
        await desk.Rooms.CloseAsync(encounter.Id!, null, "finished", cancellationToken);
        return Answer(commit.Results[0].Resource!) with { IsAudited = true };
    }

    private static bool CanAdmit(Encounter encounter) => encounter.Status is Encounter.EncounterStatus.Planned || WaitingRoom.IsWaiting(encounter);

    private static async Task<Appointment?> AppointmentOfAsync(VisitDesk desk, Encounter encounter, CancellationToken cancellationToken) =>
        VisitParties.Local(encounter.Appointment.FirstOrDefault()) is { } reference
            ? await desk.FindAsync<Appointment>(reference, cancellationToken)
            : null;

    private static Task<CommitResult> ArriveAsync(VisitDesk desk, FhirRequest request, string appointment, CancellationToken cancellationToken) => desk.CommitAsync(
        request,
        "$admit",
        null,
        cancellationToken,
        desk.Step<Appointment>(appointment, before =>
        {
            var after = (Appointment)before.DeepCopy();
            after.Status = before.Status == AppointmentStatus.Booked ? AppointmentStatus.Arrived : before.Status;
            return after;
        }));

    private static Decision<Appointment> Fulfil(Appointment before, DateTimeOffset now)
    {
        var after = (Appointment)before.DeepCopy();
        after.Status = AppointmentStatus.Fulfilled;
        var change = new AppointmentChange(TransitionAuthority.Server, now, HasEncounter: true);
        return AppointmentStates.Check(before, after, change) is { } refusal ? refusal : after;
    }

    private static FhirResult Answer(StoredResource encounter) => FhirResult.Ok(encounter, FhirContent.Of(encounter.Json));
}
