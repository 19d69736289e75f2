using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.WebUtilities;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// <c>/auth/launch</c>: opens an application from within (EHR launch). The launch is bound to the session and user that ask for it, to the
/// application and to the FHIR base, lives five minutes and works once. A page may ask with POST and open the application itself.
/// </summary>
internal static class Launch
{
    private const int TokenBytes = 32;
    private const int LongestText = 200;
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(5);

    private sealed record Asked(string? ClientId, string? Patient, string? Encounter, string? Intent, string? Tenant, JsonElement? FhirContext);

    public static async Task<IResult> HandleAsync(
        HttpContext context,
        IClients clients,
        ILaunches launches,
        IUserDirectory users,
        PatientSight sight,
        SmartAddresses addresses,
        TimeProvider clock,
        AuthorizationEvents events)
    {
        context.Response.Headers.CacheControl = "no-store";
        var isPost = HttpMethods.IsPost(context.Request.Method);
        var session = await context.AuthenticateAsync(SessionCookie.Scheme);
        if (session.Principal?.FindFirst(SessionCookie.Subject)?.Value is not { } userId
            || session.Principal.FindFirst(SessionCookie.SessionId)?.Value is not { } sessionId
            || await users.FindAsync(userId, context.RequestAborted) is not { IsDisabled: false } user)
        {
            return isPost
                ? Fault(StatusCodes.Status401Unauthorized, "login_required", "Nobody is signed in.")
                : Results.Redirect(QueryHelpers.AddQueryString(
                    SessionCookie.LoginPath, "returnUrl", context.Request.Path + context.Request.QueryString));
        }

        if (await ReadAsync(context.Request, isPost) is not { } asked)
        {
            return Fault(StatusCodes.Status400BadRequest, "invalid_request", "The launch must be sent as application/json, each member a text but fhirContext.");
        }

        if (await clients.FindAsync(asked.ClientId ?? "", context.RequestAborted) is not { InitiateLoginUri: { } application } client)
        {
            return Fault(StatusCodes.Status400BadRequest, "invalid_client", "There is no such client that can be launched.");
        }

        if (asked.Intent is { Length: > LongestText } || asked.Tenant is { Length: > LongestText })
        {
            return Fault(StatusCodes.Status400BadRequest, "invalid_request", "The intent or the tenant is too long.");
        }

        if (asked.FhirContext is { } wrong && FhirContext.FaultOf(wrong) is { } fault)
        {
            return Fault(StatusCodes.Status400BadRequest, "invalid_request", fault);
        }

        var isAllowed = asked.Patient is null
            ? asked.Encounter is null && user.Role != UserRole.Patient
            : await sight.CoversAsync(user, client.Id, asked.Patient, asked.Encounter, context.RequestAborted);
        if (!isAllowed)
        {
            // Whether there is such a patient is not for everybody to know.
            return Fault(StatusCodes.Status403Forbidden, "access_denied", "This user may not launch for that patient and encounter.");
        }

        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        await launches.AddAsync(
            token,
            new LaunchContext(addresses.FhirBase, client.Id, user.Id, sessionId, clock.GetUtcNow() + _life)
            {
                Patient = asked.Patient,
                Encounter = asked.Encounter,
                Intent = asked.Intent,
                Tenant = asked.Tenant,
                FhirContext = asked.FhirContext?.GetRawText(),
            },
            context.RequestAborted);
        await events.RecordAsync(context, "launch", client.Id, user.Id, asked.Patient);
        return isPost
            ? Results.Json(new Dictionary<string, string> { ["launch"] = token, ["iss"] = addresses.FhirBase }, statusCode: StatusCodes.Status201Created)
            : Results.Redirect(QueryHelpers.AddQueryString(
                application, new Dictionary<string, string?> { ["iss"] = addresses.FhirBase, ["launch"] = token }));
    }

    private static async Task<Asked?> ReadAsync(HttpRequest request, bool isPost)
    {
        // Only a page of this origin can send JSON with the session's cookie, so no other can launch in somebody's name.
        if (isPost && !request.HasJsonContentType())
        {
            return null;
        }

        try
        {
            if (!isPost)
            {
                var text = request.Query["fhirContext"].ToString();
                return new Asked(
                    request.Query["client_id"], request.Query["patient"], request.Query["encounter"], request.Query["intent"], request.Query["tenant"],
                    text.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(text));
            }

            using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            return body.RootElement.ValueKind == JsonValueKind.Object
                ? new Asked(
                    Text(body, "client_id"), Text(body, "patient"), Text(body, "encounter"), Text(body, "intent"), Text(body, "tenant"),
                    body.RootElement.TryGetProperty("fhirContext", out var context) && context.ValueKind != JsonValueKind.Null ? context.Clone() : null)
                : null;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonDocument body, string name) =>
        body.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    private static IResult Fault(int status, string error, string description) =>
        Results.Json(new Dictionary<string, string> { ["error"] = error, ["error_description"] = description }, statusCode: status);
}
