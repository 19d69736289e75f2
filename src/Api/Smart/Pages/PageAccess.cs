using System.Collections.Frozen;
using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Who may open a page for people, as a session says who they are; none named means everybody, signed in or not.</summary>
internal sealed record DeclaredPage(ImmutableArray<UserRole> Roles)
{
    public static readonly DeclaredPage Everybody = new([]);
    public static readonly DeclaredPage SignedIn = new([UserRole.Patient, UserRole.Clinician, UserRole.Administrator]);
    public static readonly DeclaredPage ForPatients = new([UserRole.Patient, UserRole.Clinician]);
    public static readonly DeclaredPage Administrators = new([UserRole.Administrator]);
}

/// <summary>Who may open which page, in one place. A page that is not here is not served, and the server does not start with one.</summary>
internal static class PageAccess
{
    private static readonly FrozenDictionary<string, DeclaredPage> _pages = new Dictionary<string, DeclaredPage>
    {
        ["/Login"] = DeclaredPage.Everybody,
        ["/Logout"] = DeclaredPage.Everybody,
        // Between the password and the second factor nobody is signed in yet; these pages ask who it is by themselves.
        ["/SecondFactor"] = DeclaredPage.Everybody,
        ["/SecondFactorSetup"] = DeclaredPage.Everybody,
        // Sends to the sign-in by itself, since it may ask to sign in anew.
        ["/Interaction"] = DeclaredPage.Everybody,
        ["/Apps"] = DeclaredPage.SignedIn,
        ["/Start"] = DeclaredPage.ForPatients,
        ["/Clients"] = DeclaredPage.Administrators,
        ["/Users"] = DeclaredPage.Administrators,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static DeclaredPage? Of(string page) => _pages.GetValueOrDefault(page);

    /// <summary>
    /// Lets a request through to its page, with the headers that every page has, or answers it: with the sign-in where nobody is signed
    /// in, with 403 where somebody is who may not.
    /// </summary>
    public static async Task EnterAsync(HttpContext context, DeclaredPage declared, RequestDelegate next)
    {
        PageHeaders.AddTo(context);
        var person = await context.RequestServices.GetRequiredService<People>().IdentifyAsync(context);
        if (declared.Roles.IsEmpty || (person is not null && declared.Roles.Contains(person.Account.Role)))
        {
            await next(context);
        }
        else if (person is null)
        {
            var here = HttpMethods.IsGet(context.Request.Method) ? context.Request.Path + context.Request.QueryString : context.Request.Path.ToString();
            context.Response.Redirect($"{SessionCookie.LoginPath}?returnUrl={Uri.EscapeDataString(here)}");
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync("This page is not for your account.", context.RequestAborted);
        }
    }
}
