using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Server;

/// <summary>The cookie of a signed-in person: a random value, nothing to read in it. Over https it is bound to this host and to https.</summary>
internal sealed class SessionCookie(ISessions sessions)
{
    public static string NameFor(HttpContext context) => context.Request.IsHttps ? "__Host-telefhir.session" : "telefhir.session";

    /// <summary>The session of the request, or null.</summary>
    public async Task<Session?> FindAsync(HttpContext context) =>
        context.Request.Cookies.TryGetValue(NameFor(context), out var id) && id.Length is > 0 and < 100
            ? await sessions.FindAsync(id, context.RequestAborted)
            : null;

    /// <summary>Signs somebody in, under a new id whatever there was before.</summary>
    public async Task<Session> StartAsync(HttpContext context, UserAccount user)
    {
        await EndAsync(context);
        var session = await sessions.StartAsync(user, context.RequestAborted);
        context.Response.Cookies.Append(NameFor(context), session.Id, Options(context));
        return session;
    }

    /// <summary>Signs out.</summary>
    public async Task EndAsync(HttpContext context)
    {
        if (context.Request.Cookies.TryGetValue(NameFor(context), out var id))
        {
            await sessions.EndAsync(id, context.RequestAborted);
            context.Response.Cookies.Delete(NameFor(context), Options(context));
        }
    }

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        IsEssential = true,
    };
}
