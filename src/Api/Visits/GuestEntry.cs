using System.Text.Json;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>
/// <c>POST /visit/{id}/guest</c>: somebody who was invited exchanges the code for what <c>$join</c> answers, once. A cookie that scripts cannot
/// read lets the same browser in again after a drop, with an empty object for a body.
/// </summary>
internal static class GuestEntry
{
    public const string Route = "/visit/{id}/guest";

    private const int MostBytes = 4096;
    private const string Cookie = "telefhir.guest";

    public static async Task<FhirResult> HandleAsync(string id, HttpContext context, VisitDesk desk, Join join, CancellationToken cancellationToken)
    {
        var code = await CodeInAsync(context.Request, cancellationToken);
        var encounter = await desk.FindEncounterAsync(id, cancellationToken);
        if (encounter is null || EncounterStates.IsOver(encounter.Status))
        {
            throw Gone(desk);
        }

        var invite = code is null
            ? await desk.Invites.ResumeAsync(id, context.Request.Cookies[Cookie] ?? "", cancellationToken)
            : await ExchangeAsync(id, code, context, desk, cancellationToken);
        if (invite is null)
        {
            throw Gone(desk);
        }

        var member = VisitParties.Find(encounter, $"RelatedPerson/{invite.RelatedPerson}", _ => null, desk.Server.Clock.GetUtcNow()) ?? throw Gone(desk);
        await desk.Trail.RecordAsync(
            new AuditEntry(AuditKind.Rest, code is null ? "$guest-return" : "$guest-join", desk.Server.Clock.GetUtcNow())
            {
                Status = StatusCodes.Status200OK,
                FhirUser = member.Participant,
                RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
                RequestId = context.TraceIdentifier,
                Resources = [$"Encounter/{id}"],
                Patients = ResourceKey.TryParse(VisitParties.Local(encounter.Subject), out var subject) && subject.Type == "Patient" ? [subject.Id] : [],
            },
            cancellationToken);
        return await join.LetInAsync(encounter, member, cancellationToken);
    }

    /// <summary>One answer for all that does not work: it tells nobody which codes there are.</summary>
    private static FhirException Gone(VisitDesk desk) =>
        Refusal.Gone("invite-gone", "This invitation does not work any more.").ToException(desk.Canonicals);

    private static async Task<VisitInvite?> ExchangeAsync(string id, string code, HttpContext context, VisitDesk desk, CancellationToken cancellationToken)
    {
        if (await desk.Invites.ExchangeAsync(id, code, cancellationToken) is not { } exchanged)
        {
            return null;
        }

        context.Response.Cookies.Append(Cookie, exchanged.Session, new CookieOptions
        {
            HttpOnly = true,
            Secure = desk.Origin.StartsWith("https:", StringComparison.Ordinal),
            SameSite = SameSiteMode.Strict,
            Path = $"/visit/{id}/guest",
            MaxAge = TimeSpan.FromDays(1),
        });
        return exchanged.Invite;
    }

    /// <summary>The code of the body; null where the body is an object without one.</summary>
    private static async Task<string?> CodeInAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        // Other sites can have browsers send forms and plain text here, with the cookie where browsers are old.
        if (!request.HasJsonContentType())
        {
            throw FhirException.Of(System.Net.HttpStatusCode.UnsupportedMediaType, Hl7.Fhir.Model.OperationOutcome.IssueType.NotSupported, "The content must be application/json.");
        }

        if (request.ContentLength is > MostBytes)
        {
            throw FhirException.Of(System.Net.HttpStatusCode.RequestEntityTooLarge, Hl7.Fhir.Model.OperationOutcome.IssueType.TooLong, "The content is larger than the server takes.");
        }

        var buffer = new byte[MostBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            var root = document.RootElement;
            if (length <= MostBytes && root.ValueKind == JsonValueKind.Object)
            {
                return !root.TryGetProperty("code"u8, out var code) ? null
                    : code.ValueKind == JsonValueKind.String ? code.GetString()
                    : throw FhirException.Invalid("code must be a text.");
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw FhirException.Invalid("The content must be a JSON object with a code.");
    }
}
