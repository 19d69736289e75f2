using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>Writes what is to be audited into the log, where no trail is registered that keeps it.</summary>
internal sealed class LoggedAuditTrail(ILogger<LoggedAuditTrail> logger) : IAuditTrail
{
    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        logger.LogInformation("{Kind} {Event} by client {Client}, user {User}", entry.Kind, entry.Event, entry.ClientId, entry.UserId);
        return ValueTask.CompletedTask;
    }
}
