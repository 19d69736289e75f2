using System.Collections.Immutable;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Api.Smart.Server;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Where a person is on the way from a request to its answer.</summary>
internal enum InteractionStep
{
    Gone,
    Patient,
    Encounter,
    Consent,
}

/// <summary>
/// What a person is asked about an authorization request: to sign in, whose record it is about, and what they allow. Nothing that the form
/// says is believed without looking: the patient must be one that this person may pick.
/// </summary>
internal sealed class InteractionModel(
    IAuthorizationInteractions interactions, SessionCookie cookie, PeoplesPatients patients, TimeProvider clock) : PageModel
{
    private const string NoEncounter = "none";
    private static readonly TimeSpan _justNow = TimeSpan.FromMinutes(15);

    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    [BindProperty]
    public string? Patient { get; set; }

    [BindProperty]
    public string? Encounter { get; set; }

    [BindProperty]
    public bool IsAnswer { get; set; }

    [BindProperty]
    public bool Deny { get; set; }

    [BindProperty]
    public string[] Scopes { get; set; } = [];

    public AuthorizationInteraction? Asked { get; private set; }

    public UserAccount? Person { get; private set; }

    public InteractionStep Step { get; private set; }

    public ImmutableArray<Pick> Picks { get; private set; } = [];

    public ImmutableArray<ScopeChoice> Choices { get; private set; } = [];

    public string? PatientName { get; private set; }

    public Task<IActionResult> OnGetAsync() => AnswerAsync(isPost: false);

    public Task<IActionResult> OnPostAsync() => AnswerAsync(isPost: true);

    private async Task<IActionResult> AnswerAsync(bool isPost)
    {
        var cancellationToken = HttpContext.RequestAborted;
        Asked = await interactions.FindAsync(Id, cancellationToken);
        if (Asked is not { Decision: null } request)
        {
            Response.StatusCode = StatusCodes.Status410Gone;
            return Page();
        }

        if (await cookie.FindAsync(HttpContext) is not { } session || MustSignInAgain(request, session))
        {
            return Redirect($"/auth/login?returnUrl={Uri.EscapeDataString($"/auth/interaction/{Id}")}");
        }

        if (request.LaunchUserId is { } launcher && launcher != session.User.Id)
        {
            Response.StatusCode = StatusCodes.Status403Forbidden;
            return Page();
        }

        Person = session.User;
        PageHeaders.AllowFormTo(HttpContext, request.RedirectOrigin);
        if (isPost && Deny)
        {
            return await DecideAsync(request, new(session.User.Id, session.Id, session.AuthenticatedAt, IsGranted: false, []));
        }

        await ChoosePatientAsync(request, session.User, cancellationToken);
        if (NeedsPatient(request) && Patient is null)
        {
            Step = InteractionStep.Patient;
            Picks = await patients.FindAsync(session.User, Name, cancellationToken);
            return Page();
        }

        Encounter = request.LaunchEncounter ?? Encounter;
        if (request.Scopes.Contains("launch/encounter") && Encounter is null && Patient is not null)
        {
            Step = InteractionStep.Encounter;
            Picks = await patients.EncountersAsync(session.User, Patient, cancellationToken);
            return Page();
        }

        if (!isPost || !IsAnswer)
        {
            Step = InteractionStep.Consent;
            Choices = ScopeChoice.Of(request.Scopes);
            PatientName = Patient is null ? null : await patients.NameOfAsync(session.User, Patient, cancellationToken);
            return Page();
        }

        var encounter = await EncounterAsync(request, session.User, cancellationToken);
        return await DecideAsync(request, new(session.User.Id, session.Id, session.AuthenticatedAt, IsGranted: true, ScopeChoice.Granted(Scopes))
        {
            Patient = Patient,
            Encounter = encounter,
        });
    }

    /// <summary>Signing in for this request is signing in after it was made.</summary>
    private bool MustSignInAgain(AuthorizationInteraction request, Session session) =>
        request.MustAuthenticate && session.AuthenticatedAt < request.Expires - _justNow && session.AuthenticatedAt < clock.GetUtcNow();

    private static bool NeedsPatient(AuthorizationInteraction request) =>
        request.Scopes.Contains("launch/patient")
        || request.LaunchPatient is not null
        || request.Scopes.Any(word => SmartScope.Parse(word) is { Context: ScopeContext.Patient });

    /// <summary>The patient of the launch, or of the account, or the one picked if this person may pick them.</summary>
    private async Task ChoosePatientAsync(AuthorizationInteraction request, UserAccount user, CancellationToken cancellationToken)
    {
        if (!NeedsPatient(request))
        {
            Patient = null;
        }
        else if (request.LaunchPatient is { } launched)
        {
            Patient = launched;
        }
        else if (user.Role == UserRole.Patient)
        {
            Patient = ResourceKey.TryParse(user.FhirUser, out var key) && key.Type == "Patient" ? key.Id : null;
        }
        else if (Patient is not null && !await patients.MayPickAsync(user, Patient, cancellationToken))
        {
            Patient = null;
        }
    }

    private async Task<string?> EncounterAsync(AuthorizationInteraction request, UserAccount user, CancellationToken cancellationToken)
    {
        if (request.LaunchEncounter is { } launched)
        {
            return launched;
        }

        return Encounter is { } picked and not NoEncounter && Patient is not null && request.Scopes.Contains("launch/encounter")
            && (await patients.EncountersAsync(user, Patient, cancellationToken)).Any(pick => pick.Id == picked)
            ? picked
            : null;
    }

    private async Task<IActionResult> DecideAsync(AuthorizationInteraction request, InteractionDecision decision)
    {
        if (!await interactions.DecideAsync(Id, decision, HttpContext.RequestAborted))
        {
            Step = InteractionStep.Gone;
            Response.StatusCode = StatusCodes.Status410Gone;
            return Page();
        }

        return Redirect($"/auth/authorize?{request.Parameters}&interaction={Id}");
    }
}
