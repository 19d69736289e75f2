using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>Tells the audit trail who came into a room and who left it.</summary>
internal sealed class RoomLog(IAuditTrail trail, TimeProvider clock)
{
    public ValueTask JoinedAsync(RoomTicket ticket) => RecordAsync("$visit-joined", ticket);

    public ValueTask LeftAsync(Seat seat, HttpContext? context) =>
        RecordAsync("$visit-left", context?.Features.Get<RoomTicket>() ?? new RoomTicket(seat.Member, seat.Role, null, null, seat.Id));

    private ValueTask RecordAsync(string name, RoomTicket ticket) => trail.RecordAsync(
        new AuditEntry(AuditKind.Rest, name, clock.GetUtcNow())
        {
            Status = StatusCodes.Status200OK,
            ClientId = ticket.Member.Participant is ['c', 'l', 'i', 'e', 'n', 't', '/', .. var client] ? client : null,
            FhirUser = ticket.Member.Participant.StartsWith("client/", StringComparison.Ordinal) ? null : ticket.Member.Participant,
            RemoteAddress = ticket.RemoteAddress,
            RequestId = ticket.RequestId,
            Resources = [$"Encounter/{ticket.Member.Encounter}"],
            Patients = ticket.Patient is { } patient ? [patient] : [],
        },
        CancellationToken.None);
}
