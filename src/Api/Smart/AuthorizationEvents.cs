using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>Tells the audit trail what the authorization server did.</summary>
internal sealed class AuthorizationEvents(IAuditTrail trail, TimeProvider clock)
{
    /// <summary>Names are of registered clients or what a stranger sent, of which this much is enough.</summary>
    private const int LongestName = 200;

    public ValueTask RecordAsync(
        string what,
        string? clientId,
        string? userId,
        CancellationToken cancellationToken,
        string? patient = null,
        string? reason = null,
        int status = StatusCodes.Status200OK) =>
        trail.RecordAsync(
            new AuditEntry(AuditKind.Authorization, what, clock.GetUtcNow())
            {
                Status = status,
                ClientId = clientId is { Length: > LongestName } ? clientId[..LongestName] : clientId,
                UserId = userId,
                Patients = patient is null ? [] : [patient],
                Reason = reason,
            },
            cancellationToken);
}
