using Microsoft.AspNetCore.Cors.Infrastructure;

namespace TeleFhir.Api.Hosting;

/// <summary>
/// Pages of any origin may call <c>/fhir</c> without credentials: whoever calls shows a token in a header, which no browser adds by
/// itself. Where access control is switched off there is no token, so pages from elsewhere may only read.
/// </summary>
internal sealed class CrossOrigin(TeleFhirOptions options) : ICorsPolicyProvider
{
    private static readonly CorsPolicy _everything = Policy().AllowAnyMethod().Build();
    private static readonly CorsPolicy _reading = Policy().WithMethods("GET", "HEAD").Build();

    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        var isTrusted = options.Auth.Mode != "None" || ListeningAddresses.IsLoopback(context.Request.Headers.Origin.ToString());
        return Task.FromResult<CorsPolicy?>(isTrusted ? _everything : _reading);
    }

    private static CorsPolicyBuilder Policy() => new CorsPolicyBuilder()
        .AllowAnyOrigin()
        .AllowAnyHeader()
        .WithExposedHeaders("ETag", "Last-Modified", "Location", "X-Request-Id", "Retry-After", "Allow", "WWW-Authenticate")
        .SetPreflightMaxAge(TimeSpan.FromHours(1));
}
