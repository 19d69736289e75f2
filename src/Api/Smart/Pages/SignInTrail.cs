using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Tells the audit trail what people did on pages; to nobody where no trail is kept.</summary>
internal sealed class SignInTrail(IEnumerable<IAuditTrail> trails, TimeProvider clock)
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
        foreach (var trail in trails)
        {
            await trail.RecordAsync(entry, context.RequestAborted);
        }
    }
}
