using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// What SMART asks of an authorization request beyond OAuth: state, the audience, scopes that are scopes, and a launch that was made for
/// this client. It runs once the redirect address is known to be the client's, so that errors go there.
/// </summary>
internal sealed class AuthorizationRules(FhirAddress address, ILaunches launches) : IOpenIddictServerHandler<ValidateAuthorizationRequestContext>
{
    /// <summary>Where the redirect address is kept for <see cref="ErrorRedirect"/>.</summary>
    public const string Redirect = "telefhir.redirect";

    public async ValueTask HandleAsync(ValidateAuthorizationRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Transaction.Properties[Redirect] = context.RedirectUri!;
        var request = context.Request;
        if (string.IsNullOrEmpty(request.State))
        {
            context.Reject("invalid_request", "The parameter state is missing.");
        }
        else if (((string?)request["aud"])?.TrimEnd('/') != address.Base)
        {
            context.Reject("invalid_request", "The parameter aud must be the FHIR base of this server.");
        }
        else if (request.GetScopes().Any(ScopeRules.IsMalformed))
        {
            context.Reject("invalid_scope", "A scope is malformed.");
        }
        else if ((string?)request["launch"] is { } launch
            && (await launches.FindAsync(launch, context.CancellationToken))?.ClientId != context.ClientId)
        {
            context.Reject("invalid_request", "The launch is unknown, was used, or is not of this client.");
        }
    }
}

/// <summary>Sends errors to the client, which by then is known to own the address, instead of showing a page.</summary>
internal sealed class ErrorRedirect : IOpenIddictServerHandler<ApplyAuthorizationResponseContext>
{
    public ValueTask HandleAsync(ApplyAuthorizationResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!string.IsNullOrEmpty(context.Response.Error) && context.Transaction.Properties.TryGetValue(AuthorizationRules.Redirect, out var redirect))
        {
            context.RedirectUri ??= (string)redirect!;
        }

        return default;
    }
}
