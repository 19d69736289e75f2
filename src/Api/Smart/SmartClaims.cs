using System.Collections.Immutable;
using System.Security.Claims;
using System.Text.Json;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart;

/// <summary>What tokens say beyond the standard claims, and in which of them.</summary>
internal static class SmartClaims
{
    public const string FhirUser = "fhirUser";
    public const string Patient = "patient";
    public const string Encounter = "encounter";
    public const string Intent = "intent";
    public const string Tenant = "tenant";
    public const string FhirContext = "fhirContext";
    public const string Clearance = "clearance";
    public const string UserRole = "role";

    private static readonly string[] _launch = [Patient, Encounter, Intent, Tenant];

    /// <summary>The session that online access ends with. It is in codes and refresh tokens only, which nobody but this server reads.</summary>
    public const string SessionId = "sid";

    /// <summary>What a launch tells beside the token, as it told it; empty where it told nothing.</summary>
    public static IEnumerable<KeyValuePair<string, OpenIddictParameter>> LaunchOf(ClaimsPrincipal token)
    {
        foreach (var name in _launch)
        {
            if (token.GetClaim(name) is { } value)
            {
                yield return new(name, value);
            }
        }

        // A claim is one value: each element of the array is a claim of its own.
        var context = token.FindAll(FhirContext).Select(claim => JsonSerializer.Deserialize<JsonElement>(claim.Value)).ToList();
        if (context.Count > 0)
        {
            yield return new(FhirContext, JsonSerializer.SerializeToElement(context));
        }
    }

    public static IEnumerable<string> DestinationsOf(string claim, ImmutableArray<string> scopes) => claim switch
    {
        Claims.Subject => [Destinations.AccessToken, Destinations.IdentityToken],
        Patient or Encounter or Intent or Tenant or FhirContext or Clearance or UserRole => [Destinations.AccessToken],
        FhirUser when scopes.Contains(FhirUser) || scopes.Contains("profile") => [Destinations.AccessToken, Destinations.IdentityToken],

        // The API has to know who the user is, whether or not the application may.
        FhirUser => [Destinations.AccessToken],
        Claims.Name or Claims.AuthenticationTime => [Destinations.IdentityToken],
        _ => [],
    };
}
