using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Api.Smart.Server;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Signs a person out.</summary>
internal sealed class LogoutModel(SessionCookie cookie) : PageModel
{
    public bool IsDone { get; private set; }

    public async Task OnPostAsync()
    {
        await cookie.EndAsync(HttpContext);
        IsDone = true;
    }
}
