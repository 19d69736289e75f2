using System.Net;
using System.Text;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Visits;

/// <summary>
/// The page where the parties of a visit meet. It holds nothing itself and is the same for everybody: its script signs in, asks <c>$join</c>
/// and shows what comes. Nothing is loaded from elsewhere.
/// </summary>
internal static class VisitPage
{
    /// <summary>Where the authorization server sends people back to.</summary>
    public const string SignedIn = "/visit/signed-in";

    private const string Resources = "TeleFhir.Api.Visits.Page.";
    private const string CommonScript = "TeleFhir.Api.Smart.Pages.session.js";

    private static readonly string[] _read = ["GET", "HEAD"];
    private static readonly string[] _scripts = ["visit.js", "room.js", "peers.js"];

    public static void MapVisitPage(this WebApplication routes)
    {
        var html = Encoding.UTF8.GetString(Read(Resources + "visit.html"));
        IResult Page(HttpContext context, FhirAddress address, TeleFhirOptions options)
        {
            AddHeaders(context, address, options);
            var isOpen = options.Auth.Mode == "None";
            return TypedResults.Text(
                html.Replace("{fhir}", WebUtility.HtmlEncode(address.Base), StringComparison.Ordinal)
                    .Replace("{client}", isOpen ? "" : WebUtility.HtmlEncode(options.Visits.ClientId), StringComparison.Ordinal),
                "text/html; charset=utf-8");
        }

        routes.MapMethods(SignedIn, _read, Page).AllowAnonymous().ExcludeFromDescription();
        routes.MapMethods(
            "/visit/{id}",
            _read,
            (string id, HttpContext context, FhirAddress address, TeleFhirOptions options) =>
                ResourceKey.IsId(id) ? Page(context, address, options) : Results.NotFound()).AllowAnonymous().ExcludeFromDescription();
        foreach (var script in _scripts)
        {
            MapFile(routes, script, "text/javascript; charset=utf-8");
        }

        MapFile(routes, "session.js", "text/javascript; charset=utf-8", CommonScript);
        MapFile(routes, "visit.css", "text/css; charset=utf-8");
    }

    private static void MapFile(WebApplication routes, string name, string type, string? resource = null)
    {
        var bytes = Read(resource ?? Resources + name);
        routes.MapMethods($"/visit/app/{name}", _read, (HttpContext context) =>
        {
            // With a new version of the server comes a new one of these.
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(bytes, type);
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static void AddHeaders(HttpContext context, FhirAddress address, TeleFhirOptions options)
    {
        var own = new Uri(address.Base).GetLeftPart(UriPartial.Authority);
        var issuers = options.Auth.Issuers.Select(issuer => Uri.TryCreate(issuer.Authority, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority) : "");
        var reached = string.Join(' ', issuers.Where(issuer => issuer.Length > 0).Prepend($"ws{own[4..]}").Prepend(own).Prepend("'self'").Distinct());
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src 'self' blob:; connect-src {reached}; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        headers["Permissions-Policy"] = "camera=(self), microphone=(self), display-capture=(self)";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
    }

    private static byte[] Read(string resource)
    {
        using var stream = typeof(VisitPage).Assembly.GetManifestResourceStream(resource)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
