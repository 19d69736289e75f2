using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>The second step of signing in: a code of the authenticator app, or a recovery code.</summary>
internal sealed class SecondFactorModel(
    PendingSignIn pending, ISecondFactors factors, FactorSeal seal, People people, ReturnAddress returns, AuthorizationEvents events, TimeProvider clock) : PageModel
{
    [BindProperty(Name = "returnUrl", SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    public string? Fault { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        ReturnUrl = await returns.CheckAsync(HttpContext, ReturnUrl);
        return await pending.FindAsync(HttpContext) is null ? SignInAgain() : Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "code")] string? code)
    {
        ReturnUrl = await returns.CheckAsync(HttpContext, ReturnUrl);
        if (await pending.FindAsync(HttpContext) is not { } account
            || await factors.SecretOfAsync(account.Id, HttpContext.RequestAborted) is not { } secret)
        {
            return SignInAgain();
        }

        if (!await factors.TryAttemptAsync(account.Id, HttpContext.RequestAborted) || !await IsRightAsync(account, secret, code ?? ""))
        {
            await events.RecordAsync(HttpContext, AuditKind.Login, "login", StatusCodes.Status401Unauthorized, account, "Wrong code of the second factor, or locked.");
            Fault = "The code is not right, was used already, or there were too many attempts. After five, wait a quarter of an hour.";
            return new PageResult { StatusCode = StatusCodes.Status401Unauthorized };
        }

        pending.End(HttpContext);
        await people.SignInAsync(HttpContext, account);
        return LocalRedirect(ReturnUrl);
    }

    private async Task<bool> IsRightAsync(UserAccount account, string secret, string code) =>
        TimeCode.StepOf(seal.Open(secret), code, clock.GetUtcNow()) is { } step
            ? await factors.UseStepAsync(account.Id, step, HttpContext.RequestAborted)
            : await factors.UseRecoveryCodeAsync(account.Id, code, HttpContext.RequestAborted);

    private RedirectResult SignInAgain() => Redirect($"{SessionCookie.LoginPath}?returnUrl={Uri.EscapeDataString(ReturnUrl!)}");
}
