using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>
/// Sets up the second factor, for those who must have one before they are signed in, and for others when they like. It replaces none:
/// whoever has lost theirs asks an administrator.
/// </summary>
internal sealed class SecondFactorSetupModel(
    PendingSignIn pending, ISecondFactors factors, FactorSeal seal, People people, ReturnAddress returns, AuthorizationEvents events, TimeProvider clock) : PageModel
{
    private const int Codes = 8;
    private const int CodeBytes = 10;

    [BindProperty(Name = "returnUrl", SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    [BindProperty(Name = "offer")]
    public string? Offer { get; set; }

    public string Secret { get; private set; } = "";

    public string Address { get; private set; } = "";

    /// <summary>The address as a picture; null where it is too long for one.</summary>
    public QrCode? Picture => QrCode.Of(Address);

    public ImmutableArray<string> RecoveryCodes { get; private set; } = [];

    public string? Fault { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        if (await AccountAsync() is not { } account)
        {
            return SignInAgain();
        }

        Show(account, TimeCode.NewSecret());
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "code")] string? code)
    {
        if (await AccountAsync() is not { } account)
        {
            return SignInAgain();
        }

        if (seal.Accept(Offer ?? "", account.Id) is not { } secret)
        {
            Fault = "This took too long; here is a new key.";
            Show(account, TimeCode.NewSecret());
            return new PageResult { StatusCode = StatusCodes.Status400BadRequest };
        }

        if (TimeCode.StepOf(secret, code ?? "", clock.GetUtcNow()) is not { } step)
        {
            Fault = "The code is not right. Check that the clock of your phone is.";
            Show(account, secret);
            return new PageResult { StatusCode = StatusCodes.Status400BadRequest };
        }

        RecoveryCodes = [.. Enumerable.Range(0, Codes).Select(_ => NewCode())];
        await factors.SetUpAsync(account.Id, seal.Seal(secret), step, RecoveryCodes, HttpContext.RequestAborted);
        await events.RecordAsync(HttpContext, AuditKind.Administration, "second-factor", StatusCodes.Status200OK, account);
        pending.End(HttpContext);
        if (HttpContext.Features.Get<Person>() is null)
        {
            await people.SignInAsync(HttpContext, account);
        }

        return Page();
    }

    /// <summary>Who sets one up: whoever has just given the password, or is signed in, and has none yet.</summary>
    private async Task<UserAccount?> AccountAsync()
    {
        ReturnUrl = await returns.CheckAsync(HttpContext, ReturnUrl);
        var account = await pending.FindAsync(HttpContext) ?? HttpContext.Features.Get<Person>()?.Account;
        return account is { HasSecondFactor: false } ? account : null;
    }

    private void Show(UserAccount account, byte[] secret)
    {
        // What is shown is what the form holds, not what came with the request.
        ModelState.Clear();
        Offer = seal.Offer(secret, account.Id);
        Secret = TimeCode.Base32(secret);
        Address = TimeCode.Address(secret, "TeleFhir", account.UserName);
    }

    private static string NewCode()
    {
        var text = TimeCode.Base32(RandomNumberGenerator.GetBytes(CodeBytes));
        return string.Join('-', text.Chunk(4).Select(part => new string(part)));
    }

    private RedirectResult SignInAgain() => Redirect($"{SessionCookie.LoginPath}?returnUrl={Uri.EscapeDataString(ReturnUrl!)}");
}
