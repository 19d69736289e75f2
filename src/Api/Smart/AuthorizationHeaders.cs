namespace TeleFhir.Api.Smart;

/// <summary>
/// Headers of everything under <c>/auth</c>: no page may be framed or tell where its visitor came from. What is public may be read by pages
/// of any origin; the token endpoint is for the origins of registered applications.
/// </summary>
internal sealed class AuthorizationHeaders(RequestDelegate next)
{
    private static readonly string[] _public =
        [SmartAddresses.MetadataPath, SmartAddresses.KeysPath, SmartAddresses.StylePath, SmartAddresses.BrandsPath, SmartAddresses.UserInfoPath, SmartAddresses.RegisterPath];

    private static readonly string[] _applications = [SmartAddresses.TokenPath, SmartAddresses.RevokePath, SmartAddresses.IntrospectPath];

    public async Task InvokeAsync(HttpContext context, ApplicationOrigins origins)
    {
        var headers = context.Response.Headers;
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        context.Response.OnStarting(() =>
        {
            if (headers.ContentSecurityPolicy.Count == 0)
            {
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
            }

            return Task.CompletedTask;
        });
        var path = context.Request.Path.Value!;
        var origin = context.Request.Headers.Origin.ToString();
        var isAllowed = _public.Contains(path)
            || (_applications.Contains(path) && origin.Length > 0 && await origins.ContainsAsync(origin, context.RequestAborted));
        if (isAllowed)
        {
            headers.AccessControlAllowOrigin = _public.Contains(path) ? "*" : origin;
            headers.Vary = "Origin";
        }

        if (HttpMethods.IsOptions(context.Request.Method) && context.Request.Headers.AccessControlRequestMethod.Count > 0)
        {
            if (isAllowed)
            {
                headers.AccessControlAllowMethods = "GET, POST";
                headers.AccessControlAllowHeaders = "Authorization, Content-Type, Accept";
                headers.AccessControlMaxAge = "600";
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await next(context);
    }
}
