using System.Collections.Immutable;
using OpenIddict.Abstractions;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// Lets browsers call the token endpoint from the origins that clients are registered with, and anybody read what is public anyway. OpenIddict's
/// addresses are no endpoints, so that the CORS middleware would pass them by.
/// </summary>
internal sealed class TokenCors(RequestDelegate next)
{
    private static readonly string[] _public = ["/auth/jwks", "/auth/.well-known/openid-configuration", "/auth/smart-style.json"];
    private static readonly string[] _ofClients = ["/auth/token", "/auth/revoke", "/auth/userinfo", "/auth/register"];

    public async Task InvokeAsync(HttpContext context, IOpenIddictApplicationManager applications)
    {
        var path = context.Request.Path.Value ?? "";
        var origin = context.Request.Headers.Origin.ToString();
        if (_public.Contains(path))
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
        }
        else if (origin.Length > 0 && _ofClients.Contains(path) && (path == "/auth/register" || await IsKnownAsync(applications, origin, context.RequestAborted)))
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
            context.Response.Headers.Vary = "Origin";
        }

        if (HttpMethods.IsOptions(context.Request.Method) && context.Response.Headers.AccessControlAllowOrigin.Count > 0)
        {
            context.Response.Headers.AccessControlAllowMethods = "GET, POST";
            context.Response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept";
            context.Response.Headers.AccessControlMaxAge = "3600";
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await next(context);
    }

    private static async Task<bool> IsKnownAsync(IOpenIddictApplicationManager applications, string origin, CancellationToken cancellationToken)
    {
        await foreach (var application in applications.ListAsync(cancellationToken: cancellationToken))
        {
            if ((await applications.GetRedirectUrisAsync(application, cancellationToken)).Any(uri => OriginOf(uri) == origin))
            {
                return true;
            }
        }

        return false;
    }

    private static string? OriginOf(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) ? parsed.GetLeftPart(UriPartial.Authority) : null;
}
