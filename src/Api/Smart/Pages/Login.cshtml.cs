using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;
using OpenIddict.Abstractions;
using TeleFhir.Api.Smart.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Signs a person in. What went wrong is never told: a guess learns nothing, not even whether the name exists.</summary>
internal sealed class LoginModel(IUserAccounts users, SessionCookie cookie, IOpenIddictApplicationManager applications) : PageModel
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

    public Task OnGetAsync() => AllowLaunchAsync();

    public async Task<IActionResult> OnPostAsync()
    {
        await AllowLaunchAsync();
        if (UserName is { Length: <= MostCharacters } name && Password is { Length: <= MostCharacters } password
            && await users.SignInAsync(name, password, HttpContext.RequestAborted) is { Account: { } account })
        {
            await cookie.StartAsync(HttpContext, account);
            return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/auth/apps");
        }

        Fault = Refused;
        return Page();
    }

    /// <summary>Where signing in ends in a launch, the form is sent on to the app, whose origin the page's policy must name.</summary>
    private async Task AllowLaunchAsync()
    {
        if (Url.IsLocalUrl(ReturnUrl)
            && ReturnUrl!.StartsWith("/auth/launch?", StringComparison.Ordinal)
            && QueryHelpers.ParseQuery(ReturnUrl["/auth/launch".Length..])["client_id"].ToString() is { Length: > 0 } client
            && await applications.FindByClientIdAsync(client, HttpContext.RequestAborted) is { } application
            && (await applications.GetPropertiesAsync(application, HttpContext.RequestAborted)).Text(ClientProfile.LaunchUri) is { } launch)
        {
            PageHeaders.AllowFormTo(HttpContext, new Uri(launch).GetLeftPart(UriPartial.Authority));
        }
    }
}
