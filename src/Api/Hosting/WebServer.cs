using System.IO.Compression;
using System.Security.Authentication;
using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.AspNetCore.ResponseCompression;

namespace TeleFhir.Api.Hosting;

/// <summary>Limits of the web server, TLS, compression and logs.</summary>
internal static class WebServer
{
    public static void UseWebServer(this WebApplicationBuilder builder)
    {
        if (ListeningAddresses.AreUnset(builder.Configuration))
        {
            builder.WebHost.UseUrls(ListeningAddresses.Default);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Whatever the machine would still allow.
            kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.MaxRequestLineSize = 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);

            // Each handler sets the limit of its own content and refuses before reading.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);

        // It logs requests whole: the ids of patients and code verifiers among them.
        builder.Logging.AddFilter("OpenIddict", LogLevel.Warning);

        // A start that fails is told once, by the entry point or the runtime; without this the host tells it first, with a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (!builder.Environment.IsDevelopment())
        {
            // No scopes: the web server's hold the path of the request.
            builder.Logging.AddJsonConsole(console => (console.IncludeScopes, console.UseUtcTimestamp) = (false, true));
        }
    }

    /// <summary>
    /// Has browsers insist on https once they have come by it (RFC 6797): on every answer over https, which behind a proxy that ends TLS means
    /// that its X-Forwarded-Proto is trusted. Not in Development, and never for localhost, whose other servers it would lock out.
    /// </summary>
    public static void UseStrictTransport(this WebApplication app)
    {
        // Read before options are validated, which happens at the start.
        if (!app.Environment.IsDevelopment() && !"false".Equals(app.Configuration["Hsts:Enabled"], StringComparison.OrdinalIgnoreCase))
        {
            app.UseHsts();
        }
    }

    public static IServiceCollection AddStrictTransport(this IServiceCollection services)
    {
        services.AddOptions<HstsOptions>().Configure<TeleFhirOptions>((hsts, options) => hsts.MaxAge = options.Hsts.MaxAge);
        return services;
    }

    public static IServiceCollection AddCompression(this IServiceCollection services)
    {
        services.AddResponseCompression(compression =>
        {
            // Tokens travel in headers, so there is no secret in a body for an attacker to guess by its compressed length.
            compression.EnableForHttps = true;
            compression.MimeTypes = ["application/fhir+json", "application/json", "text/html", "text/plain"];
        });
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        return services;
    }
}
