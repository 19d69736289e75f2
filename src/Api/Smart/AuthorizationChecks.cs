using System.Text.RegularExpressions;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// What SMART asks of an authorization request beyond OAuth: for whom the token is (<c>aud</c>), a <c>state</c>, a launch that exists, and
/// scopes that mean something. The redirect address has been checked by now, so faults go back to the application.
/// </summary>
internal sealed partial class AuthorizationChecks(IClients clients, ILaunches launches, SmartAddresses addresses)
    : IOpenIddictServerHandler<ValidateAuthorizationRequestContext>
{
    public const string RedirectUri = "telefhir.redirect_uri";
    public const string Launch = "launch";

    private const int MostParameters = 4096;

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateAuthorizationRequestContext>()
            .UseScopedHandler<AuthorizationChecks>()
            .SetOrder(Authentication.ValidateClientRedirectUri.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateAuthorizationRequestContext context)
    {
        context.Transaction.Properties[RedirectUri] = context.RedirectUri!;
        var request = context.Request;
        if (await clients.FindAsync(request.ClientId ?? "", context.CancellationToken) is not { } client)
        {
            context.Reject(Errors.InvalidClient, "There is no such client.");
        }
        else if (string.IsNullOrEmpty(request.State))
        {
            context.Reject(Errors.InvalidRequest, "The parameter 'state' is missing.");
        }
        else if (((string?)request["aud"])?.TrimEnd('/') is not { } audience || audience != addresses.FhirBase)
        {
            context.Reject(Errors.InvalidRequest, "The parameter 'aud' must be the FHIR base.");
        }
        else if (request.CodeChallenge is not { } challenge || !Challenge().IsMatch(challenge))
        {
            context.Reject(Errors.InvalidRequest, "The parameter 'code_challenge' must be a SHA-256 hash (S256).");
        }
        else if (request.Scope is { Length: > MostParameters })
        {
            context.Reject(Errors.InvalidScope, "Too many scopes.");
        }
        else if (RequestedScopes.Reduce(request.GetScopes(), client, context => context != ScopeContext.System) is not { } scopes)
        {
            context.Reject(Errors.InvalidScope, "One of the scopes is malformed.");
        }
        else if (scopes.IsEmpty)
        {
            context.Reject(Errors.InvalidScope, "The client may have none of these scopes.");
        }
        else
        {
            await CheckLaunchAsync(context, client, scopes.Contains("launch"));
        }
    }

    private async Task CheckLaunchAsync(ValidateAuthorizationRequestContext context, ClientRegistration client, bool isAsked)
    {
        var token = (string?)context.Request[Launch];
        if (isAsked && string.IsNullOrEmpty(token) && string.IsNullOrEmpty((string?)context.Request[Authorize.Interaction]))
        {
            context.Reject(Errors.InvalidRequest, "The scope 'launch' needs the parameter 'launch'.");
        }
        else if (!string.IsNullOrEmpty(token)
            && (await launches.FindAsync(token, context.CancellationToken) is not { } launch
                || launch.ClientId != client.Id || launch.FhirBase != addresses.FhirBase))
        {
            context.Reject(Errors.InvalidRequest, "The parameter 'launch' names no launch of this client, or one that has expired.");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{43}\z")]
    private static partial Regex Challenge();
}
