using System.Collections.Immutable;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Opens an application for a patient, as an EHR does.</summary>
internal sealed class StartModel(IClients clients, PatientChoices choices) : PageModel
{
    public ImmutableArray<ClientRegistration> Apps { get; private set; } = [];

    public ImmutableArray<Choice> Patients { get; private set; } = [];

    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    private Person Person => HttpContext.Features.Get<Person>()!;

    public bool CanSearch => Person.Account.Role != UserRole.Patient;

    public async Task OnGetAsync()
    {
        Apps = [.. (await clients.ListAsync(HttpContext.RequestAborted)).Where(client => client.InitiateLoginUri is not null)];
        Patients = CanSearch
            ? await choices.PatientsAsync(Person, Name, HttpContext.RequestAborted)
            : await choices.PatientAsync(Person, Person.Caller.FhirUser?.Id, HttpContext.RequestAborted) is { } own ? [own] : [];

        // Opening redirects the form to the application.
        PageHeaders.AllowForm(HttpContext, Apps.Select(app => new Uri(app.InitiateLoginUri!).GetLeftPart(UriPartial.Authority)));
    }

    // A name is sent in a form and not in the address, which ends up in logs.
    public Task OnPostAsync() => OnGetAsync();
}
