using System.Collections.Immutable;
using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart.Server;

/// <summary>Refuses token requests whose client proves itself in a way that does not fit.</summary>
internal sealed class TokenRequestRules(IOpenIddictApplicationManager applications) : IOpenIddictServerHandler<ValidateTokenRequestContext>
{
    private const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public async ValueTask HandleAsync(ValidateTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Request.ClientAssertionType is { } type && type != JwtBearer)
        {
            context.Reject("invalid_request", "This type of client assertion is not supported.");
            return;
        }

        if (!context.Request.IsClientCredentialsGrantType() || context.Request.ClientAssertion is not null)
        {
            return;
        }

        // A backend proves itself with a key: a secret on the wire is what SMART Backend Services does away with.
        var application = context.ClientId is null ? null : await applications.FindByClientIdAsync(context.ClientId, context.CancellationToken);
        if (application is null
            || !(await applications.GetPropertiesAsync(application, context.CancellationToken)).ContainsKey(ClientProfile.SecretSuffices))
        {
            context.Reject("invalid_client", "This client must prove itself with a signed assertion.");
        }
    }
}

/// <summary>Backend Services: a client on its own behalf gets what it asks for and is registered for (SMART 2.2, backend services).</summary>
internal sealed class ClientCredentials(IOpenIddictApplicationManager applications, FhirAddress address)
    : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    public async ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Request.IsClientCredentialsGrantType())
        {
            return;
        }

        var application = await applications.FindByClientIdAsync(context.ClientId!, context.CancellationToken);
        var registered = await applications.ScopesOfAsync(application!, context.CancellationToken);
        var granted = ScopeRules.Narrow(context.Request.GetScopes(), registered, ScopeContext.System)
            .Where(word => SmartScope.Parse(word) is not null).ToImmutableArray();
        if (granted.IsEmpty)
        {
            context.Reject("invalid_scope", "The client is registered for none of the scopes.");
            return;
        }

        var identity = new ClaimsIdentity("client_credentials", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, context.ClientId);
        identity.SetScopes(granted);
        identity.SetResources(address.Base);
        identity.SetDestinations(_ => [Destinations.AccessToken]);
        context.SignIn(new ClaimsPrincipal(identity));
    }
}

/// <summary>
/// A refresh token counts once, decided by the database: OpenIddict lets those pass that come at the same moment. One of online access needs
/// the session that it came from.
/// </summary>
internal sealed class RefreshRules(ISessions sessions, IUsedAssertions used, TimeProvider clock) : IOpenIddictServerHandler<HandleTokenRequestContext>
{
    private const string Issuer = "refresh";

    public async ValueTask HandleAsync(HandleTokenRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Request.IsRefreshTokenGrantType() || context.Principal is not { } principal)
        {
            return;
        }

        if (!principal.HasScope(Scopes.OfflineAccess)
            && (principal.GetClaim(SmartClaims.Session) is not { } session || !await sessions.IsAliveAsync(session, context.CancellationToken)))
        {
            context.Reject("invalid_grant", "The session has ended.");
        }
        else if (principal.GetTokenId() is not { } id
            || !await used.TryUseAsync(Issuer, id, clock.GetUtcNow().AddDays(1), context.CancellationToken))
        {
            context.Reject("invalid_grant", "The refresh token has been used.");
        }
    }
}

/// <summary>Says in the token response what the token holds: scope and launch context (SMART 2.2, token response).</summary>
internal sealed class TokenMembers(FhirAddress address) : IOpenIddictServerHandler<ProcessSignInContext>
{
    public ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.EndpointType == OpenIddictServerEndpointType.Token && context.AccessTokenPrincipal is { } token)
        {
            context.Parameters["scope"] = string.Join(' ', token.GetScopes());
            if (token.GetClaim(SmartClaims.Patient) is { } patient)
            {
                context.Parameters["patient"] = patient;
                context.Parameters["need_patient_banner"] = token.GetClaim(SmartClaims.NoBanner) is null;
                context.Parameters["smart_style_url"] = new Uri(address.Base).GetLeftPart(UriPartial.Authority) + "/auth/smart-style.json";
            }

            if (token.GetClaim(SmartClaims.Encounter) is { } encounter)
            {
                context.Parameters["encounter"] = encounter;
            }

            if (token.GetClaim(SmartClaims.Intent) is { } intent)
            {
                context.Parameters["intent"] = intent;
            }
        }

        return default;
    }
}

/// <summary>Lets a client with online access have a refresh token too.</summary>
internal sealed class OnlineRefresh : IOpenIddictServerHandler<ProcessSignInContext>
{
    public ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.EndpointType == OpenIddictServerEndpointType.Token && context.Principal?.HasScope("online_access") == true)
        {
            (context.GenerateRefreshToken, context.IncludeRefreshToken) = (true, true);
        }

        return default;
    }
}

/// <summary>Names of the claims that tokens carry besides those of OAuth.</summary>
internal static class SmartClaims
{
    public const string Patient = "patient";
    public const string Encounter = "encounter";
    public const string FhirUser = "fhirUser";
    public const string Role = "role";
    public const string Clearance = "clearance";
    public const string Intent = "intent";
    public const string NoBanner = "no_banner";

    /// <summary>The name of the session; stays in codes and refresh tokens.</summary>
    public const string Session = "session";
}
