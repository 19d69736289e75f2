using System.Collections.Immutable;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart;

/// <summary>What tokens say beyond the standard claims, and in which of them.</summary>
internal static class SmartClaims
{
    public const string FhirUser = "fhirUser";
    public const string Patient = "patient";
    public const string Encounter = "encounter";
    public const string Intent = "intent";
    public const string Clearance = "clearance";
    public const string UserRole = "role";

    /// <summary>The session that online access ends with. It is in codes and refresh tokens only, which nobody but this server reads.</summary>
    public const string SessionId = "sid";

    public static IEnumerable<string> DestinationsOf(string claim, ImmutableArray<string> scopes) => claim switch
    {
        Claims.Subject => [Destinations.AccessToken, Destinations.IdentityToken],
        Patient or Encounter or Intent or Clearance or UserRole => [Destinations.AccessToken],
        FhirUser when scopes.Contains(FhirUser) || scopes.Contains("profile") => [Destinations.AccessToken, Destinations.IdentityToken],

        // The API has to know who the user is, whether or not the application may.
        FhirUser => [Destinations.AccessToken],
        Claims.Name or Claims.AuthenticationTime => [Destinations.IdentityToken],
        _ => [],
    };
}
