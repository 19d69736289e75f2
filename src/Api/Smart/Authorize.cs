using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using TeleFhir.Api.Smart.Pages;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart;

/// <summary>
/// <c>/auth/authorize</c>: a request that has been checked waits while a person signs in, picks a patient and consents on pages of this
/// server, and comes back with the interaction's id to become a code or a denial.
/// </summary>
internal static class Authorize
{
    public const string Interaction = "interaction";

    private const int IdBytes = 32;
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(10);

    // What was decided on is what is granted: a request that comes back with another one of these is another request.
    private static readonly string[] _bound =
    [
        Parameters.ClientId, Parameters.RedirectUri, Parameters.State, Parameters.CodeChallenge, Parameters.Scope, Parameters.Nonce,
        Parameters.ResponseType, Parameters.ResponseMode, "aud", AuthorizationChecks.Launch,
    ];

    public static Task<IResult> HandleAsync(
        HttpContext context,
        IClients clients,
        ILaunches launches,
        [FromServices] IAuthorizationInteractions interactions, // its BindAsync looks to the framework like a way to read requests
        AuthorizationDecision decision,
        BrowserMark browser,
        TimeProvider clock)
    {
        var request = context.GetOpenIddictServerRequest()!;
        var id = (string?)request[Interaction];
        return string.IsNullOrEmpty(id)
            ? BeginAsync(context, request, clients, launches, interactions, browser, clock)
            : CompleteAsync(context, request, id, interactions, decision);
    }

    private static async Task<IResult> BeginAsync(
        HttpContext context,
        OpenIddictRequest request,
        IClients clients,
        ILaunches launches,
        IAuthorizationInteractions interactions,
        BrowserMark browser,
        TimeProvider clock)
    {
        if (request.HasPromptValue(PromptValues.None))
        {
            // Every grant is decided by a person, so nothing can be granted in silence.
            var session = await context.AuthenticateAsync(SessionCookie.Scheme);
            return session.Succeeded
                ? Deny(Errors.ConsentRequired, "The user has to be asked.")
                : Deny(Errors.LoginRequired, "Nobody is signed in.");
        }

        var client = (await clients.FindAsync(request.ClientId!, context.RequestAborted))!;
        var launch = (string?)request[AuthorizationChecks.Launch] is { Length: > 0 } token ? await launches.FindAsync(token, context.RequestAborted) : null;
        var interaction = new AuthorizationInteraction(
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)),
            client.Id,
            client.Name,
            RequestedScopes.Reduce(request.GetScopes(), client, scope => scope != ScopeContext.System)!.Value,
            Query(request),
            new Uri(request.RedirectUri!).GetLeftPart(UriPartial.Authority),
            clock.GetUtcNow() + _life)
        {
            LaunchPatient = launch?.Patient,
            LaunchEncounter = launch?.Encounter,
            LaunchId = launch?.Id,
            LaunchUserId = launch?.UserId,
            LaunchSessionId = launch?.SessionId,
            MustAuthenticate = request.HasPromptValue(PromptValues.Login) || request.MaxAge is not null,
            MustConsent = request.HasPromptValue(PromptValues.Consent),
        };
        await interactions.AddAsync(interaction, context.RequestAborted);

        // Here and not when the page is opened, or the address of a page never opened could be given to somebody else.
        await interactions.BindAsync(interaction.Id, browser.Of(context), context.RequestAborted);
        return Results.Redirect(SmartAddresses.InteractionPath + interaction.Id);
    }

    private static async Task<IResult> CompleteAsync(
        HttpContext context, OpenIddictRequest request, string id, IAuthorizationInteractions interactions, AuthorizationDecision decision)
    {
        if (await interactions.FindAsync(id, context.RequestAborted) is not { Decision: not null } waiting || !IsSame(request, waiting.Parameters))
        {
            return Deny(Errors.InvalidRequest, "This request was not decided on, or its decision has been used or has expired.");
        }

        // The decision belongs to the browser that it was made in: its address given to somebody else signs nobody in.
        var session = await context.AuthenticateAsync(SessionCookie.Scheme);
        if (session.Principal?.FindFirst(SessionCookie.SessionId)?.Value != waiting.Decision.SessionId)
        {
            return Deny(Errors.AccessDenied, "The decision was made in another session.");
        }

        if (await interactions.TakeAsync(id, context.RequestAborted) is not { } taken)
        {
            return Deny(Errors.InvalidRequest, "This decision has been used.");
        }

        return await decision.ApplyAsync(taken, context) switch
        {
            { Principal: { } principal } => Results.SignIn(principal, properties: null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme),
            { Error: var (error, description) } => Deny(error, description),
        };
    }

    private static IResult Deny(string error, string description) => Results.Forbid(
        new AuthenticationProperties(new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }),
        [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);

    private static string Query(OpenIddictRequest request) => QueryString.Create(
        request.GetParameters()
            .Where(parameter => parameter.Key is not (Interaction or AuthorizationChecks.Launch))
            .SelectMany(parameter => ((ImmutableArray<string?>?)parameter.Value ?? [])
                .Select(value => KeyValuePair.Create(parameter.Key, value)))).Value!;

    private static bool IsSame(OpenIddictRequest request, string parameters)
    {
        var stored = QueryHelpers.ParseQuery(parameters);
        return _bound.All(name => ((string?)request[name] ?? "") == (stored.TryGetValue(name, out var value) ? value.ToString() : ""));
    }
}
