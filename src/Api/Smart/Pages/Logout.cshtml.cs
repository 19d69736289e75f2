using Microsoft.AspNetCore.Mvc.RazorPages;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Ends the session. By a form only, so that no other page can do it.</summary>
internal sealed class LogoutModel(People people) : PageModel
{
    public bool IsDone { get; private set; }

    public async Task OnPostAsync()
    {
        await people.SignOutAsync(HttpContext);
        HttpContext.Features.Set<Person>(null);
        IsDone = true;
    }
}
