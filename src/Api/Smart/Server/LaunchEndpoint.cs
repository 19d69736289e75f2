using OpenIddict.Abstractions;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Smart.Server;

/// <summary>What is to be launched.</summary>
internal sealed record LaunchRequest(string? ClientId, string? Patient, string? Encounter, string? Intent);

/// <summary>
/// An EHR launch: a signed-in clinician opens an app for a patient (SMART 2.2, EHR launch). GET sends the browser to the app; POST gives what is
/// needed to do so. A patient may not launch for others.
/// </summary>
internal static class LaunchEndpoint
{
    public static void MapLaunch(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/auth/launch", async (
            HttpContext context, string? client_id, string? patient, string? encounter, string? intent, SessionCookie cookie, Launching launching) =>
        {
            if (await cookie.FindAsync(context) is not { } session)
            {
                return Results.Redirect($"/auth/login?returnUrl={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}");
            }

            var launched = await launching.StartAsync(session.User, new(client_id, patient, encounter, intent), context.RequestAborted);
            return launched is { Launch: { } launch, Uri: { } uri }
                ? Results.Redirect($"{uri}{(uri.Contains('?', StringComparison.Ordinal) ? '&' : '?')}iss={Uri.EscapeDataString(launched.Issuer)}&launch={launch}")
                : Results.Text(launched.Fault, statusCode: launched.Status);
        }).AllowAnonymous();
        routes.MapPost("/auth/launch", async (HttpContext context, SessionCookie cookie, Launching launching) =>
        {
            // A page elsewhere cannot send JSON here without asking first, and is told no.
            if (!context.Request.HasJsonContentType())
            {
                return Results.StatusCode(StatusCodes.Status415UnsupportedMediaType);
            }

            if (await cookie.FindAsync(context) is not { } session)
            {
                return Results.Text("Sign in first.", statusCode: StatusCodes.Status401Unauthorized);
            }

            var asked = await ReadAsync(context);
            if (asked is null)
            {
                return Results.Text("The content must be an object with client_id and patient.", statusCode: StatusCodes.Status400BadRequest);
            }

            var launched = await launching.StartAsync(session.User, asked, context.RequestAborted);
            return launched.Launch is { } launch
                ? Results.Json(new Dictionary<string, string> { ["launch"] = launch, ["iss"] = launched.Issuer }, statusCode: StatusCodes.Status201Created)
                : Results.Text(launched.Fault, statusCode: launched.Status);
        }).AllowAnonymous();
    }

    private static async Task<LaunchRequest?> ReadAsync(HttpContext context)
    {
        try
        {
            var members = await context.Request.ReadFromJsonAsync<Dictionary<string, string?>>(context.RequestAborted);
            return members is null ? null : new(
                members.GetValueOrDefault("client_id"),
                members.GetValueOrDefault("patient"),
                members.GetValueOrDefault("encounter"),
                members.GetValueOrDefault("intent"));
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}

/// <summary>How a launch ended: with a parameter and where to take it, or with a fault.</summary>
internal sealed record Launched(string Issuer)
{
    public string? Launch { get; init; }

    public string? Uri { get; init; }

    public int Status { get; init; }

    public string Fault { get; init; } = "";
}

/// <summary>Checks a launch and keeps it.</summary>
internal sealed class Launching(IOpenIddictApplicationManager applications, ILaunches launches, PeoplesPatients patients, FhirAddress address, IResourceStore store)
{
    public async Task<Launched> StartAsync(UserAccount user, LaunchRequest request, CancellationToken cancellationToken)
    {
        if (user.Role == UserRole.Patient)
        {
            return Fault(StatusCodes.Status403Forbidden, "A patient's account cannot launch apps for others.");
        }

        if (request.ClientId is null || await applications.FindByClientIdAsync(request.ClientId, cancellationToken) is not { } application)
        {
            return Fault(StatusCodes.Status400BadRequest, "There is no such client.");
        }

        if (request.Patient is not { } patient || !ResourceKey.IsId(patient) || !await patients.MayPickAsync(user, patient, cancellationToken))
        {
            return Fault(StatusCodes.Status400BadRequest, "There is no such patient.");
        }

        if (request.Encounter is { } encounter
            && (!ResourceKey.IsId(encounter)
                || await store.ReadAsync(PeoplesPatients.CallerOf(user), new ResourceKey("Encounter", encounter), cancellationToken) is null or { IsDeleted: true }))
        {
            return Fault(StatusCodes.Status400BadRequest, "There is no such encounter.");
        }

        var properties = await applications.GetPropertiesAsync(application, cancellationToken);
        var launch = await launches.AddAsync(
            new LaunchContext(user.Id, request.ClientId, patient) { Encounter = request.Encounter, Intent = request.Intent }, cancellationToken);
        return new Launched(address.Base)
        {
            Launch = launch,
            Uri = properties.Text(ClientProfile.LaunchUri),
            Status = StatusCodes.Status400BadRequest,
            Fault = "The client has registered no address to be launched at.",
        };
    }

    private Launched Fault(int status, string text) => new(address.Base) { Status = status, Fault = text };
}
