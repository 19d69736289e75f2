using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Audit;

/// <summary>
/// <c>Patient/[id]/$break-glass</c>: a clinician opens a record that is closed to them, for a reason and for a time, and everybody who watches
/// the trail sees it. <c>$end-break-glass</c> gives it up before the time.
/// </summary>
internal static class BreakGlass
{
    private const int ShortestReason = 10;
    private const int LongestReason = 1000;
    private const int Minutes = 60;
    private const int MostMinutes = 240;

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, IEmergencyAccess emergencies, CancellationToken cancellationToken)
    {
        var userId = DemandClinician(request.Caller);
        var (reason, minutes) = await ReadAsync(request, server, cancellationToken);
        if (await server.Store.ReadAsync(Caller.System("emergency"), request.Key, cancellationToken) is null or { IsDeleted: true })
        {
            throw FhirException.NotFound($"{request.Key} does not exist.");
        }

        var now = server.Clock.GetUtcNow();
        var grant = new EmergencyGrant(userId, request.Key.Id, reason, now, now.AddMinutes(minutes));
        await emergencies.GrantAsync(grant, Entry(request, server, "start", reason), cancellationToken);
        server.Logger.LogWarning(
            "Emergency access: user {User} broke the glass for {Minutes} minutes, request {RequestId}", userId, minutes, request.Id);
        return Answer(request.Key.Id, grant.Until);
    }

    public static async Task<FhirResult> HandleEndAsync(
        FhirRequest request, FhirServer server, IEmergencyAccess emergencies, CancellationToken cancellationToken)
    {
        var userId = DemandClinician(request.Caller);
        if (!await emergencies.EndAsync(userId, request.Key.Id, Entry(request, server, "stop", reason: null), cancellationToken))
        {
            throw FhirException.Conflict("No emergency access of yours to this record is open.");
        }

        server.Logger.LogWarning("Emergency access: user {User} gave it up, request {RequestId}", userId, request.Id);
        return Answer(request.Key.Id, server.Clock.GetUtcNow());
    }

    private static string DemandClinician(Caller caller) =>
        caller is { Kind: CallerKind.User, UserId: { } userId, FhirUser.Type: "Practitioner" or "PractitionerRole" }
            && caller.Scopes.Any(scope => scope.Context == ScopeContext.User)
            ? userId
            : throw FhirException.Forbidden("Only a clinician with user/ scopes may override access rules.");

    private static AuditEntry Entry(FhirRequest request, FhirServer server, string name, string? reason)
    {
        var entry = request.Audit?.Entry(AuditKind.EmergencyAccess, name)
            ?? AuditEntry.By(request.Caller, AuditKind.EmergencyAccess, name, server.Clock.GetUtcNow());
        return entry with { Status = 200, Patients = [request.Key.Id], Reason = reason };
    }

    private static async Task<(string Reason, int Minutes)> ReadAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        var (reason, minutes) = ("", Minutes);
        foreach (var parameter in ((Parameters)FhirJson.Parse(json, "Parameters")).Parameter)
        {
            switch (parameter.Name, parameter.Value)
            {
                case ("reason", FhirString { Value: { } text }):
                    reason = text.Trim();
                    break;
                case ("minutes", Integer { Value: >= 1 and <= MostMinutes and var given }):
                    minutes = given;
                    break;
                case ("minutes", PositiveInt { Value: >= 1 and <= MostMinutes and var given }):
                    minutes = given;
                    break;
                case ("minutes", _):
                    throw FhirException.Invalid(
                        string.Create(CultureInfo.InvariantCulture, $"minutes must be a whole number from 1 to {MostMinutes}."), "Parameters.parameter");
                default:
                    throw FhirException.Invalid("The parameters are reason (a string) and minutes.", "Parameters.parameter");
            }
        }

        return reason.Length is >= ShortestReason and <= LongestReason
            ? (reason, minutes)
            : throw FhirException.Invalid(
                string.Create(CultureInfo.InvariantCulture, $"reason must say in {ShortestReason} to {LongestReason} characters why."), "Parameters.parameter");
    }

    private static FhirResult Answer(string patient, DateTimeOffset until)
    {
        var parameters = new Parameters
        {
            Parameter =
            [
                new() { Name = "patient", Value = new ResourceReference($"Patient/{patient}") },
                new() { Name = "until", Value = new Instant(until) },
            ],
        };
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(parameters))) with { IsAudited = true };
    }
}
