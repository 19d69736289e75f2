using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Api.Hosting;

/// <summary>The page that a person sees who opens the server's address: what this is and where to go. It needs nothing from elsewhere.</summary>
internal static class LandingPage
{
    private const string Resource = "TeleFhir.Api.Hosting.LandingPage.html";

    public static void MapLandingPage(this IEndpointRouteBuilder routes)
    {
        var html = Read();
        var policy = PolicyOf(html);
        var bytes = Encoding.UTF8.GetBytes(html);
        routes.MapMethods("/", ["GET", "HEAD"], (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.Bytes(bytes, "text/html; charset=utf-8");
        }).AllowAnonymous();
    }

    private static string Read()
    {
        using var stream = typeof(LandingPage).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    // The page's own style and script are allowed by their hashes, so that nothing that gets into the page otherwise can run.
    private static string PolicyOf(string html) =>
        $"default-src 'none'; style-src '{HashOf(html, "style")}'; script-src '{HashOf(html, "script")}'; connect-src 'self'; "
        + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static string HashOf(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var content = html[start..html.IndexOf($"</{element}>", start, StringComparison.Ordinal)];
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}";
    }
}
