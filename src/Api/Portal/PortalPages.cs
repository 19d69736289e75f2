using System.Net;
using System.Text;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart;

namespace TeleFhir.Api.Portal;

/// <summary>
/// The pages of patients and clinicians at <c>/app/</c>. The server sends the same shell to everybody; its script signs in as a SMART app and
/// does all it does through the public FHIR addresses, with the token that it gets. Nothing is loaded from elsewhere.
/// </summary>
internal static class PortalPages
{
    private const string ReturnPath = "/app/";
    private const string LaunchPath = "/app/launch";
    private const string Shell = "portal.html";
    private const string Resources = "TeleFhir.Api.Portal.Page.";
    private const string CommonStyle = "TeleFhir.Api.Smart.Pages.pages.css";
    private const string CommonScript = "TeleFhir.Api.Smart.Pages.session.js";

    private static readonly string[] _read = ["GET", "HEAD"];

    /// <summary>What patients are asked for, and what clinicians are, is in the script; together it is the most that the client may have.</summary>
    private static readonly string[] _scopes =
    [
        "launch", "openid", "fhirUser", "online_access", "user/Appointment.crus", "user/Binary.rs", "user/Communication.crs", "user/DocumentReference.rs",
        "user/Encounter.rus", "user/Goal.rs", "user/Media.rs", "user/Observation.rs", "user/Patient.rs", "user/Practitioner.rs", "user/PractitionerRole.rs",
        "user/Questionnaire.rs", "user/QuestionnaireResponse.rs", "user/Schedule.rs", "user/ServiceRequest.rs", "user/Slot.rus", "user/Task.rus",
    ];

    public static IServiceCollection AddPortal(this IServiceCollection services) => services.AddSingleton(
        provider => new OwnApp(provider.GetRequiredService<TeleFhirOptions>().Portal.ClientId, "Appointments", ReturnPath, [.. _scopes], LaunchPath));

    public static void MapPortal(this IEndpointRouteBuilder routes)
    {
        var html = Encoding.UTF8.GetString(Read(Resources + Shell));
        IResult Page(HttpContext context, FhirAddress address, TeleFhirOptions options)
        {
            AddHeaders(context, address, options);
            var client = options.Auth.Mode == "None" ? "" : options.Portal.ClientId;
            return TypedResults.Text(
                html.Replace("{fhir}", WebUtility.HtmlEncode(address.Base), StringComparison.Ordinal)
                    .Replace("{client}", WebUtility.HtmlEncode(client), StringComparison.Ordinal),
                "text/html; charset=utf-8");
        }

        routes.MapMethods("/app", _read, Page).AllowAnonymous().ExcludeFromDescription();

        // Where an EHR opens it.
        routes.MapMethods(LaunchPath, _read, Page).AllowAnonymous().ExcludeFromDescription();
        foreach (var resource in typeof(PortalPages).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            if (resource != Resources + Shell)
            {
                MapFile(routes, resource, resource[Resources.Length..]);
            }
        }

        MapFile(routes, CommonStyle, "pages.css");
        MapFile(routes, CommonScript, "session.js");
    }

    private static void MapFile(IEndpointRouteBuilder routes, string resource, string name)
    {
        var bytes = Read(resource);
        var type = name.EndsWith(".css", StringComparison.Ordinal) ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
        routes.MapMethods($"/app/{name}", _read, (HttpContext context) =>
        {
            // With a new version of the server comes a new one of these.
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return TypedResults.Bytes(bytes, type);
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static void AddHeaders(HttpContext context, FhirAddress address, TeleFhirOptions options)
    {
        var reached = options.Auth.Issuers
            .Select(issuer => Uri.TryCreate(issuer.Authority, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : "")
            .Where(origin => origin.Length > 0)
            .Prepend(new Uri(address.Base).GetLeftPart(UriPartial.Authority))
            .Prepend("'self'")
            .Distinct();
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; connect-src {string.Join(' ', reached)}; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
    }

    private static byte[] Read(string resource)
    {
        using var stream = typeof(PortalPages).Assembly.GetManifestResourceStream(resource)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
