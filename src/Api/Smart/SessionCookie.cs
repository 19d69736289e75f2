using Microsoft.AspNetCore.Authentication.Cookies;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// The cookie of a person who is signed in at <c>/auth</c>. Pages of the authorization server use it; <c>/fhir</c> never looks at it.
/// Over https its name begins with <c>__Host-</c>, so that no other host of the domain can plant one.
/// </summary>
internal static class SessionCookie
{
    public const string Scheme = "telefhir.session";
    public const string LoginPath = "/auth/login";

    /// <summary>The account.</summary>
    public const string Subject = "sub";

    public const string Name = "name";

    /// <summary>A <see cref="Domain.Access.UserRole"/> by name.</summary>
    public const string Role = "role";

    /// <summary><c>Practitioner/demo-lee</c>; absent where the user is no resource.</summary>
    public const string FhirUser = "fhirUser";

    /// <summary>The session.</summary>
    public const string SessionId = "sid";

    /// <summary>When the person signed in, in seconds since 1970.</summary>
    public const string AuthenticatedAt = "auth_time";

    public static IServiceCollection AddSessionCookie(this IServiceCollection services)
    {
        services.AddAuthentication().AddCookie(Scheme);
        services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<FhirAddress>((cookie, address) =>
        {
            var isSecure = address.Base.StartsWith("https:", StringComparison.Ordinal);
            cookie.Cookie.Name = isSecure ? $"__Host-{Scheme}" : Scheme;
            cookie.Cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.Path = "/";
            cookie.LoginPath = LoginPath;
            cookie.AccessDeniedPath = LoginPath;
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
            cookie.SlidingExpiration = false;

            // A cookie outlives its session in whoever has kept a copy: what counts is the session, on every request.
            cookie.Events.OnValidatePrincipal = DemandSessionAsync;
        });
        return services;
    }

    private static async Task DemandSessionAsync(CookieValidatePrincipalContext context)
    {
        var sessions = context.HttpContext.RequestServices.GetRequiredService<ISessions>();
        if (context.Principal?.FindFirst(SessionId)?.Value is not { } id
            || await sessions.UseAsync(id, context.HttpContext.RequestAborted) is not { } account
            || account.Id != context.Principal.FindFirst(Subject)?.Value)
        {
            context.RejectPrincipal();
            return;
        }

        context.HttpContext.Features.Set(account);
    }
}
