using System.Text.RegularExpressions;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>What browsers are told about every page: nothing from elsewhere, no script, no frame around it, nothing kept.</summary>
internal static partial class PageHeaders
{
    public static void AddTo(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy("'self'");
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        headers.Pragma = "no-cache";
    }

    /// <summary>
    /// Lets the forms of this page lead to applications as well: browsers hold the policy against every address that a form is
    /// redirected to.
    /// </summary>
    public static void AllowForm(HttpContext context, params IEnumerable<string> origins)
    {
        // An application's own scheme comes as "app://" and is written "app:" in a policy.
        var allowed = origins.Where(origin => Origin().IsMatch(origin))
            .Select(origin => origin.EndsWith("://", StringComparison.Ordinal) ? origin[..^2] : origin);
        context.Response.Headers.ContentSecurityPolicy = Policy(string.Join(' ', allowed.Distinct().Prepend("'self'")));
    }

    private static string Policy(string forms) =>
        $"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {forms}; base-uri 'none'; frame-ancestors 'none'";

    [GeneratedRegex(@"\A[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.:\[\]-]*)?\z")]
    private static partial Regex Origin();
}
