using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Tells the audit trail what people did on pages.</summary>
internal sealed class SignInTrail(IAuditTrail trail, TimeProvider clock)
{
    public async Task RecordAsync(
        HttpContext context, AuditKind kind, string what, int status, UserAccount? account, string? reason = null, string? client = null)
    {
        var entry = new AuditEntry(kind, what, clock.GetUtcNow())
        {
            Status = status,
            ClientId = client,
            UserId = account?.Id,
            FhirUser = account?.FhirUser,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            RequestId = context.TraceIdentifier,
            Reason = reason,
        };
        await trail.RecordAsync(entry, context.RequestAborted);
    }
}
