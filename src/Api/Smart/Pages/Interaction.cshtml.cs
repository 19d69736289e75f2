using System.Collections.Immutable;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>What the page asks for.</summary>
internal enum InteractionStep
{
    /// <summary>Nothing: it cannot go on.</summary>
    Stopped,

    /// <summary>Which patient.</summary>
    Patient,

    /// <summary>Whether, and what, to allow.</summary>
    Consent,
}

/// <summary>Asks a person about an authorization request: which patient, which visit, and what the application may do.</summary>
internal sealed class InteractionModel(
    IAuthorizationInteractions interactions, IRememberedConsents consents, PatientChoices choices, BrowserMark browser,
    IEnumerable<OwnApp> pages) : PageModel
{
    private AuthorizationInteraction _interaction = null!;
    private Person _person = null!;

    public InteractionStep Step { get; private set; }

    public string? Fault { get; private set; }

    public bool CanDeny { get; private set; }

    public string Id => _interaction.Id;

    public string ClientName => _interaction.ClientName;

    public string ClientId => _interaction.ClientId;

    public string RedirectOrigin => _interaction.RedirectOrigin;

    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    public ImmutableArray<Choice> Patients { get; private set; } = [];

    public Choice? Patient { get; private set; }

    public bool NeedsEncounter { get; private set; }

    public ImmutableArray<Choice> Encounters { get; private set; } = [];

    public ConsentOffer Offer { get; private set; } = new([]);

    private bool IsAboutPatient => _interaction.LaunchPatient is not null || _interaction.Scopes.Any(ConsentOffer.IsOfPatient);

    public async Task<IActionResult> OnGetAsync(string id) =>
        await OpenAsync(id) ?? await PatientAsync(picked: null) ?? await AskAsync();

    public async Task<IActionResult> OnPostAsync(
        string id,
        [FromForm(Name = "action")] string? action,
        [FromForm(Name = "patient")] string? patient,
        [FromForm(Name = "encounter")] string? encounter,
        [FromForm(Name = "scope")] string[]? scopes)
    {
        if (await OpenAsync(id, isDenial: action == "deny") is { } answer)
        {
            return answer;
        }

        if (action == "deny")
        {
            return await DecideAsync(isGranted: false, []);
        }

        if (await PatientAsync(action == "search" ? null : patient ?? "") is { } asked)
        {
            return asked;
        }

        return action == "allow" ? await AllowAsync(scopes ?? [], encounter) : await AskAsync();
    }

    /// <summary>Finds the request and who answers it; an answer where that is all there is to do.</summary>
    private async Task<IActionResult?> OpenAsync(string id, bool isDenial = false)
    {
        if (await interactions.FindAsync(id, HttpContext.RequestAborted) is not { Decision: null } interaction
            || !await interactions.BindAsync(id, browser.Of(HttpContext), HttpContext.RequestAborted))
        {
            Fault = "This request has expired, has been answered, or belongs to another browser.";
            return new PageResult { StatusCode = StatusCodes.Status404NotFound };
        }

        _interaction = interaction;
        var person = HttpContext.Features.Get<Person>();
        if (person is null || (interaction.MustAuthenticate && person.AuthenticatedAt < interaction.Created))
        {
            return Redirect($"{SessionCookie.LoginPath}?returnUrl={Uri.EscapeDataString($"/auth/interaction/{id}")}");
        }

        _person = person;
        CanDeny = true;
        PageHeaders.AllowForm(HttpContext, interaction.RedirectOrigin);
        if (!isDenial && !interaction.IsFor(person.Account.Id, person.SessionId))
        {
            return Stop(interaction.LaunchUserId == person.Account.Id
                ? "The app was opened before you signed in anew. Open it again."
                : "The app was opened by somebody else. Sign out and let them go on, or deny.");
        }

        return null;
    }

    /// <summary>Finds the patient in context; an answer where the person has to pick one or may not have this one.</summary>
    private async Task<IActionResult?> PatientAsync(string? picked)
    {
        if (!IsAboutPatient)
        {
            return null;
        }

        var own = _person.Account.Role == UserRole.Patient ? _person.Caller.FhirUser?.Id : null;
        if ((_interaction.LaunchPatient ?? own) is { } given)
        {
            Patient = await choices.PatientAsync(_person, given, HttpContext.RequestAborted);
            return Patient is null || (own is not null && own != given) ? Stop("The record of this patient is not open to you.") : null;
        }

        Patient = string.IsNullOrEmpty(picked) ? null : await choices.PatientAsync(_person, picked, HttpContext.RequestAborted);
        if (Patient is not null)
        {
            return null;
        }

        Fault = picked is null ? null : "Choose one of the patients.";
        Patients = await choices.PatientsAsync(_person, Name, HttpContext.RequestAborted);
        Step = InteractionStep.Patient;
        return new PageResult { StatusCode = Fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest };
    }

    /// <summary>Asks for consent, unless all of it was given before and there is nothing else to ask.</summary>
    private async Task<IActionResult> AskAsync()
    {
        Offer = ConsentOffer.Of(_interaction.Scopes);
        NeedsEncounter = Patient is not null && _interaction.LaunchEncounter is null && _interaction.Scopes.Contains("launch/encounter");
        if (!_interaction.MustConsent && !NeedsEncounter && await IsRememberedAsync())
        {
            return await DecideAsync(isGranted: true, Offer.Granted(_interaction.Scopes.ToHashSet(), Patient is not null));
        }

        if (NeedsEncounter)
        {
            Encounters = await choices.EncountersAsync(_person, Patient!.Id, HttpContext.RequestAborted);
        }

        Step = InteractionStep.Consent;
        return new PageResult { StatusCode = Fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest };
    }

    /// <summary>Whether all of it was allowed before. The server's own pages are one to who uses them: what was allowed to one is to the other, and no more.</summary>
    private async Task<bool> IsRememberedAsync()
    {
        var own = pages.Select(page => page.ClientId).ToHashSet(StringComparer.Ordinal);
        var remembered = new List<string>();
        foreach (var client in own.Contains(_interaction.ClientId) ? own : [_interaction.ClientId])
        {
            remembered.AddRange(await consents.FindAsync(_person.Account.Id, client, HttpContext.RequestAborted));
        }

        return _interaction.Scopes.All(scope => remembered.Contains(scope) || (own.Contains(_interaction.ClientId) && remembered.Exists(given => Covers(given, scope))));
    }

    private static bool Covers(string given, string asked) =>
        SmartScope.Parse(given) is { } all && SmartScope.Parse(asked) is { } some
        && all.Context == some.Context && (all.Type == some.Type || all.Type == "*") && all.Filter is null && (some.Permissions & ~all.Permissions) == 0;

    private async Task<IActionResult> AllowAsync(string[] ticked, string? encounter)
    {
        var granted = ConsentOffer.Of(_interaction.Scopes).Granted(ticked.ToHashSet(StringComparer.Ordinal), Patient is not null);
        if (granted.IsEmpty)
        {
            Fault = "Nothing is ticked. To allow nothing, deny.";
            return await AskAsync();
        }

        string? visit = null;
        if (Patient is not null && granted.Contains("launch/encounter") && !string.IsNullOrEmpty(encounter) && _interaction.LaunchEncounter is null)
        {
            visit = (await choices.EncounterAsync(_person, Patient.Id, encounter, HttpContext.RequestAborted))?.Id;
            if (visit is null)
            {
                Fault = "Choose one of the visits.";
                return await AskAsync();
            }
        }

        await consents.RememberAsync(_person.Account.Id, _interaction.ClientId, granted, HttpContext.RequestAborted);
        return await DecideAsync(isGranted: true, granted, visit);
    }

    private async Task<IActionResult> DecideAsync(bool isGranted, ImmutableArray<string> granted, string? encounter = null)
    {
        // Context is granted like everything else: who unticks it, and everything that needs it, gives none.
        var hasContext = isGranted && granted.Any(scope => scope is "launch" || ConsentOffer.IsOfPatient(scope));
        var decision = new InteractionDecision(_person.Account.Id, _person.SessionId, _person.AuthenticatedAt, isGranted, granted)
        {
            Patient = hasContext ? Patient?.Id : null,
            Encounter = hasContext && Patient is not null
                ? encounter ?? (granted.Any(scope => scope is "launch" or "launch/encounter") ? _interaction.LaunchEncounter : null)
                : null,
        };
        return await interactions.DecideAsync(_interaction.Id, decision, HttpContext.RequestAborted)
            ? Redirect($"/auth/authorize?{_interaction.Parameters.TrimStart('?')}&interaction={Uri.EscapeDataString(_interaction.Id)}")
            : Stop("This request has been answered already.", canDeny: false);
    }

    private PageResult Stop(string fault, bool canDeny = true)
    {
        Fault = fault;
        CanDeny = canDeny;
        return new PageResult { StatusCode = StatusCodes.Status403Forbidden };
    }
}
