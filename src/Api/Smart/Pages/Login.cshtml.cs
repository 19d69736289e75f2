using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>The first step of signing in: a user name and a password.</summary>
internal sealed class LoginModel(IUserAccounts accounts, People people, PendingSignIn pending, ReturnAddress returns, AuthorizationEvents events) : PageModel
{
    // One text for every reason, so that nobody learns which names exist or are locked.
    private const string Refused = "The user name or the password is not right, or there were too many attempts. After five, wait a minute.";

    [BindProperty(Name = "returnUrl", SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    [BindProperty(Name = "username")]
    public string? UserName { get; set; }

    public string? Fault { get; private set; }

    public Task OnGetAsync()
    {
        UserName = null;
        return ShowAsync();
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "password")] string? password)
    {
        await ShowAsync();
        var check = await accounts.CheckPasswordAsync(UserName ?? "", password ?? "", HttpContext.Connection.RemoteIpAddress, HttpContext.RequestAborted);
        if (check.IsTurnedAway)
        {
            await events.RecordAsync(HttpContext, AuditKind.Login, "login", StatusCodes.Status429TooManyRequests, null, "Too many failures from this address.");
            Fault = "There were too many failed attempts from your address. Wait a quarter of an hour.";
            return new PageResult { StatusCode = StatusCodes.Status429TooManyRequests };
        }

        if (check.Account is not { } account)
        {
            var named = await accounts.FindByNameAsync(UserName ?? "", HttpContext.RequestAborted);
            await events.RecordAsync(HttpContext, AuditKind.Login, "login", StatusCodes.Status401Unauthorized, named, "Wrong user name or password, or locked.");
            Fault = Refused;
            return new PageResult { StatusCode = StatusCodes.Status401Unauthorized };
        }

        if (account.NeedsSecondFactor)
        {
            pending.Begin(HttpContext, account);
            return Redirect($"{(account.HasSecondFactor ? "/auth/second-factor" : "/auth/second-factor/setup")}?returnUrl={Uri.EscapeDataString(ReturnUrl!)}");
        }

        await people.SignInAsync(HttpContext, account);
        return LocalRedirect(ReturnUrl!);
    }

    private async Task ShowAsync() => ReturnUrl = await returns.CheckAsync(HttpContext, ReturnUrl);
}
