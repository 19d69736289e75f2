using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// The authorization endpoint, once OpenIddict has checked the request. The first time it hands the person over to the pages; when they come
/// back with a decision, it is compared with the request and turned into a code.
/// </summary>
internal static class AuthorizeEndpoint
{
    private const string Interaction = "interaction";
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(15);

    public static async Task<IResult> HandleAsync(
        HttpContext context,
        IAuthorizationInteractions interactions,
        ILaunches launches,
        IUserDirectory users,
        ISessions sessions,
        IOpenIddictApplicationManager applications,
        FhirAddress address,
        TimeProvider clock)
    {
        var cancellationToken = context.RequestAborted;
        var request = context.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("The request did not come through OpenIddict.");
        var application = await applications.FindByClientIdAsync(request.ClientId!, cancellationToken)
            ?? throw new InvalidOperationException("The client was there a moment ago.");
        var registered = await applications.ScopesOfAsync(application, cancellationToken);
        var scopes = ScopeRules.Narrow(request.GetScopes(), registered, ScopeContext.Patient, ScopeContext.User);
        if ((string?)request[Interaction] is { } id)
        {
            return await interactions.TakeAsync(id, cancellationToken) is { Decision: { } decision } taken && IsSame(taken, request, scopes)
                ? await FinishAsync(taken, decision, (string?)request["launch"], launches, users, sessions, address, cancellationToken)
                : Refuse(Errors.AccessDenied, "The sign-in took too long or was answered already; start again.");
        }

        if (scopes.IsEmpty)
        {
            return Refuse(Errors.InvalidScope, "The client is registered for none of the scopes.");
        }

        if (request.HasPromptValue(PromptValues.None))
        {
            return Refuse(Errors.LoginRequired, "A person has to sign in and agree.");
        }

        var launch = (string?)request["launch"] is { } parameter ? await launches.FindAsync(parameter, cancellationToken) : null;
        var interaction = new AuthorizationInteraction(
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            request.ClientId!,
            await applications.GetDisplayNameAsync(application, cancellationToken) ?? request.ClientId!,
            scopes,
            ParametersOf(request),
            new Uri(request.RedirectUri!).GetLeftPart(UriPartial.Authority),
            clock.GetUtcNow() + _life)
        {
            LaunchPatient = launch?.Patient,
            LaunchEncounter = launch?.Encounter,
            LaunchUserId = launch?.UserId,
            MustAuthenticate = request.HasPromptValue(PromptValues.Login) || request.MaxAge is not null,
            MustConsent = request.HasPromptValue(PromptValues.Consent),
        };
        await interactions.AddAsync(interaction, cancellationToken);
        return Results.Redirect($"/auth/interaction/{interaction.Id}");
    }

    private static async Task<IResult> FinishAsync(
        AuthorizationInteraction interaction,
        InteractionDecision decision,
        string? launch,
        ILaunches launches,
        IUserDirectory users,
        ISessions sessions,
        FhirAddress address,
        CancellationToken cancellationToken)
    {
        if (!decision.IsGranted)
        {
            return Refuse(Errors.AccessDenied, "The request was refused.");
        }

        if (await users.FindAsync(decision.UserId, cancellationToken) is not { IsDisabled: false } user
            || (interaction.LaunchUserId is { } launcher && launcher != user.Id))
        {
            return Refuse(Errors.AccessDenied, "This account may not answer the request.");
        }

        LaunchContext? context = null;
        if (launch is not null)
        {
            context = await launches.FindAsync(launch, cancellationToken);
            if (!await launches.TakeAsync(launch, cancellationToken))
            {
                return Refuse(Errors.InvalidRequest, "The launch was used already.");
            }
        }

        // Only what was asked for, or narrower; patient scopes only with a patient.
        var asked = interaction.Scopes.Select(SmartScope.Parse).OfType<SmartScope>().ToList();
        var granted = decision.Scopes.Where(word => SmartScope.Parse(word) is { } scope
            ? asked.Exists(bound => bound.Covers(scope)) && (scope.Context != ScopeContext.Patient || decision.Patient is not null)
            : interaction.Scopes.Contains(word)).Distinct().ToImmutableArray();
        return Results.SignIn(
            PrincipalOf(user, decision, granted, context, sessions, address),
            authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    private static ClaimsPrincipal PrincipalOf(
        UserAccount user, InteractionDecision decision, ImmutableArray<string> granted, LaunchContext? launch, ISessions sessions, FhirAddress address)
    {
        var identity = new ClaimsIdentity("authorization", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, user.Id);
        identity.SetClaim(SmartClaims.FhirUser, user.FhirUser is null ? null : $"{address.Base}/{user.FhirUser}");
        identity.SetClaim(SmartClaims.Role, user.Role.ToString());
        identity.SetClaim(SmartClaims.Clearance, user.Clearance.ToString());
        identity.SetClaim(SmartClaims.Patient, decision.Patient);
        identity.SetClaim(SmartClaims.Encounter, decision.Encounter);
        identity.SetClaim(SmartClaims.Intent, launch?.Intent);
        identity.SetClaim(SmartClaims.NoBanner, launch is null ? null : "true");
        identity.SetClaim(SmartClaims.Session, sessions.NameOf(decision.SessionId));
        identity.SetScopes(granted);
        identity.SetResources(address.Base);
        identity.SetDestinations(claim => claim.Type switch
        {
            Claims.Subject => [Destinations.AccessToken, Destinations.IdentityToken],
            SmartClaims.FhirUser => granted.Contains("fhirUser") || granted.Contains("profile")
                ? [Destinations.AccessToken, Destinations.IdentityToken]
                : [Destinations.AccessToken],

            // The session is for the refresh token alone, which holds everything.
            SmartClaims.Session => [],
            _ => [Destinations.AccessToken],
        });
        return new ClaimsPrincipal(identity);
    }

    /// <summary>The request that comes back is the one that was decided about.</summary>
    private static bool IsSame(AuthorizationInteraction interaction, OpenIddictRequest request, ImmutableArray<string> scopes) =>
        interaction.ClientId == request.ClientId && interaction.Parameters == ParametersOf(request) && interaction.Scopes.SequenceEqual(scopes);

    private static string ParametersOf(OpenIddictRequest request) => string.Join('&', request.GetParameters()
        .Where(parameter => parameter.Key != Interaction && (string?)parameter.Value is not null)
        .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
        .Select(parameter => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString((string?)parameter.Value ?? "")}"));

    private static IResult Refuse(string error, string description) => Results.Forbid(
        new AuthenticationProperties(new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }),
        [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
}
