using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>Makes a caller of the claims of a token, by its issuer's profile. Whatever is missing or odd gives less, never more.</summary>
internal static class SmartAccess
{
    private static readonly ImmutableArray<string> _people = ["Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person"];

    /// <summary>Null for a token that names no client, which RFC 9068 demands of every access token.</summary>
    public static Caller? CallerOf(TokenClaims claims, IssuerProfile profile, string fhirBase)
    {
        if (claims.Text(profile.ClientClaims.AsSpan()) is not { } client)
        {
            return null;
        }

        var subject = claims.Text("sub");
        var fhirUser = Person(claims.Text(profile.FhirUserClaims.AsSpan()), fhirBase);
        var patient = IdOf("Patient", claims.Text(profile.PatientClaims.AsSpan()));
        var scopes = ScopesOf(claims, profile);
        if (subject is null || subject == client || IsApplication(claims, profile, scopes, fhirUser, patient))
        {
            return Caller.Client(Qualified(client, profile)) with
            {
                Scopes = [.. scopes.Where(scope => scope.Context == ScopeContext.System)],
            };
        }

        return Caller.User(Qualified(subject, profile), Qualified(client, profile)) with
        {
            FhirUser = fhirUser,
            Patient = patient,
            Encounter = patient is null ? null : IdOf("Encounter", claims.Text(profile.EncounterClaims.AsSpan())),
            Scopes =
            [
                .. scopes.Where(scope => scope.Context == ScopeContext.User || (scope.Context == ScopeContext.Patient && patient is not null)),
                .. Self(claims, profile, fhirUser),
            ],
            IsAdministrator = claims.Words(profile.RoleClaims).Intersect(profile.AdministratorRoles, StringComparer.OrdinalIgnoreCase).Any(),
            Clearance = ClearanceOf(claims.Text(profile.ClearanceClaims.AsSpan())),
        };
    }

    /// <summary>
    /// Names are unique within an issuer only. Those of issuers elsewhere carry its address, so that nobody there passes for somebody here
    /// by having the same name.
    /// </summary>
    public static string Qualified(string name, IssuerProfile profile) => profile.IsEmbedded ? name : $"{profile.Issuer}#{name}";

    // Who may know which resource the user is may read it (SMART 2.2, scopes for requesting identity data).
    private static IEnumerable<SmartScope> Self(TokenClaims claims, IssuerProfile profile, ResourceKey? fhirUser) =>
        fhirUser is { } self && claims.Words(profile.ScopeClaims).Any(word => word is "fhirUser" or "profile")
            && SmartScope.Parse($"user/{self.Type}.r?_id={self.Id}") is { } scope ? [scope] : [];

    // Some issuers give clients a subject of their own; what they are shows in what they were granted.
    private static bool IsApplication(
        TokenClaims claims, IssuerProfile profile, ImmutableArray<SmartScope> scopes, ResourceKey? fhirUser, string? patient) =>
        !profile.IsEmbedded && fhirUser is null && patient is null
        && (claims.Text("idtyp") == "app" || (!scopes.IsEmpty && scopes.All(scope => scope.Context == ScopeContext.System)));

    private static ImmutableArray<SmartScope> ScopesOf(TokenClaims claims, IssuerProfile profile) =>
        [.. claims.Words(profile.ScopeClaims).Select(word => ScopeOf(word, profile)).OfType<SmartScope>().DistinctBy(scope => scope.Text)];

    private static SmartScope? ScopeOf(string word, IssuerProfile profile)
    {
        var prefix = profile.ScopePrefixes.FirstOrDefault(prefix => word.StartsWith(prefix, StringComparison.Ordinal));
        var scope = word[(prefix?.Length ?? 0)..];
        if (!profile.UnescapesScopes)
        {
            return SmartScope.Parse(scope);
        }

        var unescaped = Uri.UnescapeDataString(scope);
        return SmartScope.Parse(unescaped) ?? SmartScope.Parse(WithSlash(unescaped));
    }

    /// <summary><c>patient.Observation.rs</c> for <c>patient/Observation.rs</c>, and <c>all</c> for the star.</summary>
    private static string WithSlash(string scope) => scope.Split('.', 3) is [var context, var type, var permissions]
        ? $"{context}/{(type == "all" ? "*" : type)}.{permissions}"
        : scope;

    private static ResourceKey? Person(string? reference, string fhirBase)
    {
        var relative = reference?.StartsWith(fhirBase + "/", StringComparison.Ordinal) == true ? reference[(fhirBase.Length + 1)..] : reference;
        return ResourceKey.TryParse(relative, out var key) && key.Version is null && _people.Contains(key.Type) ? key : null;
    }

    private static string? IdOf(string type, string? claim)
    {
        var id = claim?.StartsWith(type + "/", StringComparison.Ordinal) == true ? claim[(type.Length + 1)..] : claim;
        return ResourceKey.IsId(id) ? id : null;
    }

    private static Confidentiality ClearanceOf(string? claim) => claim switch
    {
        "U" => Confidentiality.Unrestricted,
        "L" => Confidentiality.Low,
        "M" => Confidentiality.Moderate,
        "R" => Confidentiality.Restricted,
        "V" => Confidentiality.VeryRestricted,
        { } name when !char.IsAsciiDigit(name[0]) && Enum.TryParse<Confidentiality>(name, ignoreCase: true, out var clearance)
            && Enum.IsDefined(clearance) => clearance,
        _ => Confidentiality.Normal,
    };
}
