using System.Text;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Registers and maps the pages for people under <c>/auth</c>.</summary>
internal static class PageSetup
{
    private const string Style = "TeleFhir.Api.Smart.Pages.pages.css";

    public static void AddPages(this IServiceCollection services, bool isDevelopment)
    {
        // In Development everybody comes from one address and nobody is a stranger.
        services.AddSingleton(new SignInSettings { AddressLimit = isDevelopment ? null : new SignInSettings().AddressLimit });
        services.AddSingleton<People>();
        services.AddSingleton<PendingSignIn>();
        services.AddSingleton<FactorSeal>();
        services.AddSingleton<BrowserMark>();
        services.AddSingleton<ReturnAddress>();
        services.AddSingleton<PatientChoices>();
        services.AddRazorPages(pages => pages.RootDirectory = "/Smart/Pages");
        services.AddAntiforgery();
        services.AddOptions<Microsoft.AspNetCore.Antiforgery.AntiforgeryOptions>().Configure<FhirAddress>((antiforgery, address) =>
        {
            var isSecure = address.Base.StartsWith("https:", StringComparison.Ordinal);
            antiforgery.SuppressXFrameOptionsHeader = true;
            antiforgery.Cookie.Name = isSecure ? "__Host-telefhir.form" : "telefhir.form";
            antiforgery.Cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
            antiforgery.Cookie.SameSite = SameSiteMode.Lax;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.Path = "/";
        });
    }

    public static void MapPages(this WebApplication routes)
    {
        if (!SmartServer.IsWanted(routes.Configuration))
        {
            return;
        }

        var style = ReadStyle();
        routes.MapMethods("/auth/pages.css", ["GET", "HEAD"], (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "public, max-age=300";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return TypedResults.Bytes(style, "text/css; charset=utf-8");
        }).AllowAnonymous();
        routes.MapRazorPages().Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<PageActionDescriptor>().FirstOrDefault() is { } page && PageAccess.Of(page.ViewEnginePath) is { } declared)
            {
                endpoint.Metadata.Add(declared);
            }
        });
    }

    private static byte[] ReadStyle()
    {
        using var stream = typeof(PageSetup).Assembly.GetManifestResourceStream(Style)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd());
    }
}
