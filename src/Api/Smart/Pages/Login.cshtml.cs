using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Api.Smart.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Signs a person in. What went wrong is never told: a guess learns nothing, not even whether the name exists.</summary>
internal sealed class LoginModel(IUserDirectory users, SessionCookie cookie) : PageModel
{
    private const string Refused = "The user name or the password is wrong, or there were too many attempts. Try again in a few minutes.";
    private const int MostCharacters = 200;

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    [BindProperty]
    public string? UserName { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public string? Fault { get; private set; }

    public async Task<IActionResult> OnPostAsync()
    {
        if (UserName is { Length: <= MostCharacters } name && Password is { Length: <= MostCharacters } password
            && await users.SignInAsync(name, password, HttpContext.RequestAborted) is { Account: { } account })
        {
            await cookie.StartAsync(HttpContext, account);
            return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/auth/apps");
        }

        Fault = Refused;
        return Page();
    }
}
