namespace TeleFhir.Api.Smart.Server;

/// <summary>What every answer under <c>/auth</c> says to the browser: keep nothing, frame nothing, run nothing that is not a file of ours.</summary>
internal static class PageHeaders
{
    public static void Write(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy("'self'");
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        headers.Pragma = "no-cache";
    }

    /// <summary>Chromium follows a form's redirects with the page's policy, so the client's origin has to be in it.</summary>
    public static void AllowFormTo(HttpContext context, string origin) =>
        context.Response.Headers.ContentSecurityPolicy = Policy($"'self' {origin}");

    private static string Policy(string forms) =>
        $"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'";
}
