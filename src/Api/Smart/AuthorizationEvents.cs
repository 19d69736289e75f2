using Microsoft.AspNetCore;
using OpenIddict.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>Tells the audit trail what the authorization server did and what people did on its pages, with where the request came from.</summary>
internal sealed class AuthorizationEvents(IAuditTrail trail, TimeProvider clock)
{
    /// <summary>Names are of registered clients or what a stranger sent, of which this much is enough.</summary>
    private const int LongestName = 200;

    /// <summary>Something that a client asked for, on behalf of a user where there is one.</summary>
    public ValueTask RecordAsync(
        HttpContext context,
        string what,
        string? clientId,
        string? userId,
        string? patient = null,
        string? reason = null,
        int status = StatusCodes.Status200OK) =>
        trail.RecordAsync(
            Entry(context, AuditKind.Authorization, what, clientId, status) with
            {
                UserId = userId,
                Patients = patient is null ? [] : [patient],
                Reason = reason,
            },
            context.RequestAborted);

    /// <summary>The same where OpenIddict is at work.</summary>
    public ValueTask RecordAsync(
        OpenIddictServerTransaction transaction,
        string what,
        string? clientId,
        string? userId,
        string? reason = null,
        int status = StatusCodes.Status200OK) =>
        RecordAsync(transaction.GetHttpRequest()!.HttpContext, what, clientId, userId, reason: reason, status: status);

    /// <summary>Something that a person did on a page; null for somebody whom nobody knows.</summary>
    public ValueTask RecordAsync(
        HttpContext context, AuditKind kind, string what, int status, UserAccount? account, string? reason = null, string? client = null) =>
        trail.RecordAsync(
            Entry(context, kind, what, client, status) with { UserId = account?.Id, FhirUser = account?.FhirUser, Reason = reason },
            context.RequestAborted);

    private AuditEntry Entry(HttpContext context, AuditKind kind, string what, string? clientId, int status) => new(kind, what, clock.GetUtcNow())
    {
        Status = status,
        ClientId = clientId is { Length: > LongestName } ? clientId[..LongestName] : clientId,
        RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
        RequestId = context.TraceIdentifier,
    };
}
