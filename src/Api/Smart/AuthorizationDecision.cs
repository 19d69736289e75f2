using System.Collections.Immutable;
using System.Security.Claims;
using System.Text.Json;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart;

/// <summary>What comes of a decision: a principal whose code may be given out, or an error with its description.</summary>
internal readonly record struct DecisionOutcome(ClaimsPrincipal? Principal, (string Code, string Description) Error);

/// <summary>Turns what a person decided into a grant. Pages have asked; whatever they let through is checked again here.</summary>
internal sealed class AuthorizationDecision(
    IUserDirectory users, ILaunches launches, PatientSight sight, SmartAddresses addresses, AuthorizationEvents events)
{
    private const string PatientScope = "launch/patient";
    private const string EncounterScope = "launch/encounter";

    public async Task<DecisionOutcome> ApplyAsync(AuthorizationInteraction interaction, HttpContext context)
    {
        var decision = interaction.Decision!;
        var outcome = await DecideAsync(interaction, decision, context.RequestAborted);
        await events.RecordAsync(
            context,
            outcome.Principal is null ? "deny" : "grant",
            interaction.ClientId,
            decision.UserId,
            decision.Patient,
            outcome.Error.Description,
            outcome.Principal is null ? StatusCodes.Status403Forbidden : StatusCodes.Status200OK);
        return outcome;
    }

    private async Task<DecisionOutcome> DecideAsync(
        AuthorizationInteraction interaction, InteractionDecision decision, CancellationToken cancellationToken)
    {
        if (!decision.IsGranted)
        {
            return Refuse(Errors.AccessDenied, "The user refused.");
        }

        if (await users.FindAsync(decision.UserId, cancellationToken) is not { IsDisabled: false } user
            || !interaction.IsFor(user.Id, decision.SessionId))
        {
            return Refuse(Errors.AccessDenied, "This user may not answer the request.");
        }

        var isLaunch = interaction.LaunchUserId is not null;
        var patient = interaction.LaunchPatient ?? decision.Patient;
        if (patient is not null
            && !await sight.CoversAsync(user, interaction.ClientId, patient, interaction.LaunchEncounter ?? decision.Encounter, cancellationToken))
        {
            return Refuse(Errors.AccessDenied, "This user may not act for that patient.");
        }

        var granted = RequestedScopes.Within(decision.Scopes, interaction.Scopes);
        if (!(isLaunch || granted.Contains(PatientScope) || granted.Any(IsOfPatient)))
        {
            patient = null;
        }

        if (patient is null)
        {
            // Without a patient in context such a scope means nothing, and must not look as if it did.
            granted = [.. granted.Where(scope => scope is not (PatientScope or EncounterScope) && !IsOfPatient(scope))];
        }

        if (granted.IsEmpty)
        {
            return Refuse(Errors.AccessDenied, "Nothing was granted.");
        }

        LaunchContext? launch = null;
        if (isLaunch)
        {
            launch = await launches.TakeAsync(interaction.LaunchId ?? "", cancellationToken);
            if (launch is null)
            {
                return Refuse(Errors.InvalidRequest, "The launch has been used or has expired.");
            }
        }

        var encounter = patient is null ? null
            : interaction.LaunchEncounter ?? (granted.Contains(EncounterScope) ? decision.Encounter : null);
        return new DecisionOutcome(Principal(user, decision, granted, patient, encounter, launch), default);
    }

    private ClaimsPrincipal Principal(
        UserAccount user, InteractionDecision decision, ImmutableArray<string> scopes, string? patient, string? encounter, LaunchContext? launch)
    {
        var identity = new ClaimsIdentity("telefhir", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, user.Id);
        identity.SetClaim(SmartClaims.SessionId, decision.SessionId);
        identity.SetClaim(SmartClaims.UserRole, user.Role.ToString());
        identity.SetClaim(SmartClaims.Clearance, user.Clearance.ToString());
        identity.SetClaim(Claims.AuthenticationTime, decision.AuthenticatedAt.ToUnixTimeSeconds());
        identity.SetClaim(SmartClaims.Patient, patient);
        identity.SetClaim(SmartClaims.Encounter, encounter);
        identity.SetClaim(SmartClaims.Intent, launch?.Intent);
        identity.SetClaim(SmartClaims.Tenant, launch?.Tenant);
        if (launch?.FhirContext is { } context)
        {
            identity.SetClaims(SmartClaims.FhirContext, JsonSerializer.Deserialize<JsonElement>(context));
        }

        if (scopes.Contains("profile"))
        {
            identity.SetClaim(Claims.Name, user.DisplayName);
        }

        if (user.FhirUser is { } resource)
        {
            identity.SetClaim(SmartClaims.FhirUser, $"{addresses.FhirBase}/{resource}");
        }

        identity.SetScopes(scopes);
        identity.SetResources(addresses.FhirBase);
        identity.SetDestinations(claim => SmartClaims.DestinationsOf(claim.Type, scopes));
        return new ClaimsPrincipal(identity);
    }

    private static bool IsOfPatient(string scope) => SmartScope.Parse(scope) is { Context: ScopeContext.Patient };

    private static DecisionOutcome Refuse(string error, string description) => new(null, (error, description));
}
