using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>What a person allowed applications, and how to take it back.</summary>
internal sealed class AppsModel(IGrants grants, IRememberedConsents consents, AuthorizationEvents events) : PageModel
{
    public Person Person => HttpContext.Features.Get<Person>()!;

    public IReadOnlyList<Grant> Grants { get; private set; } = [];

    public string? Done { get; private set; }

    public async Task OnGetAsync() => Grants = await grants.OfUserAsync(Person.Account.Id, HttpContext.RequestAborted);

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "grant")] string? grant)
    {
        await OnGetAsync();
        if (Grants.FirstOrDefault(known => known.Id == grant) is not { } revoked
            || !await grants.RevokeAsync(Person.Account.Id, revoked.Id, HttpContext.RequestAborted))
        {
            Done = "That app could not act for you any more.";
            return Page();
        }

        await consents.ForgetAsync(Person.Account.Id, revoked.ClientId, HttpContext.RequestAborted);
        await events.RecordAsync(HttpContext, AuditKind.Authorization, "revoke", StatusCodes.Status200OK, Person.Account, client: revoked.ClientId);
        await OnGetAsync();
        Done = $"{revoked.ClientName} can no longer act for you.";
        return Page();
    }
}
