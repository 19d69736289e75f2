using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>Tells the audit trail what the authorization server did.</summary>
internal sealed class AuthorizationEvents(IAuditTrail trail, TimeProvider clock)
{
    public ValueTask RecordAsync(string what, string? clientId, string? userId, CancellationToken cancellationToken, string? patient = null, string? reason = null) =>
        trail.RecordAsync(
            new AuditEntry(AuditKind.Authorization, what, clock.GetUtcNow())
            {
                ClientId = clientId,
                UserId = userId,
                Patients = patient is null ? [] : [patient],
                Reason = reason,
            },
            cancellationToken);
}
