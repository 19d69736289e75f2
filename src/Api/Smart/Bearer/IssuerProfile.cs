using System.Collections.Immutable;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>
/// Everything that the API knows about an issuer whose tokens it takes: where its keys are, what its tokens must say, and under which
/// names they say it. No product is known by name anywhere; what differs between them is here.
/// </summary>
internal sealed record IssuerProfile
{
    /// <summary>Signatures with a public key. Anything symmetric would let whoever knows the public key sign.</summary>
    public static readonly ImmutableArray<string> Asymmetric =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Exactly what tokens say in <c>iss</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>Where the issuer's metadata is; null for the one of this process.</summary>
    public string? MetadataAddress { get; init; }

    public required ImmutableArray<string> Audiences { get; init; }

    public ImmutableArray<string> ValidTypes { get; init; } = ["at+jwt"];

    public ImmutableArray<string> AllowedAlgorithms { get; init; } = Asymmetric;

    public ImmutableArray<string> ScopeClaims { get; init; } = ["scope", "scp"];

    public ImmutableArray<string> PatientClaims { get; init; } = ["patient"];

    public ImmutableArray<string> EncounterClaims { get; init; } = ["encounter"];

    public ImmutableArray<string> FhirUserClaims { get; init; } = ["fhirUser"];

    public ImmutableArray<string> ClientClaims { get; init; } = ["client_id", "azp", "appid"];

    public ImmutableArray<string> RoleClaims { get; init; } = ["role", "roles", "/realm_access/roles"];

    public ImmutableArray<string> AdministratorRoles { get; init; } = [];

    public ImmutableArray<string> ClearanceClaims { get; init; } = [];

    public ImmutableArray<string> ScopePrefixes { get; init; } = [];

    public bool UnescapesScopes { get; init; }

    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    public RevocationMode Revocation { get; init; }

    public string? IntrospectionClientId { get; init; }

    public string? IntrospectionClientSecret { get; init; }

    /// <summary>Whether it is the authorization server of this process.</summary>
    public bool IsEmbedded => MetadataAddress is null;

    /// <summary>The authorization server of this process.</summary>
    public static IssuerProfile Embedded(string issuer, string fhirBase) => new()
    {
        Issuer = issuer,
        Audiences = [fhirBase],
        AllowedAlgorithms = ["RS256", "ES256", "ES384"],
        AdministratorRoles = ["Administrator"],
        ClearanceClaims = ["clearance"],
        ClockSkew = TimeSpan.FromSeconds(10),
        Revocation = RevocationMode.Feed,
    };

    public static IssuerProfile Of(IssuerOptions options, string fhirBase)
    {
        var defaults = new IssuerProfile { Issuer = options.Issuer ?? options.Authority, Audiences = [fhirBase] };
        return defaults with
        {
            MetadataAddress = options.MetadataAddress ?? $"{options.Authority.TrimEnd('/')}/.well-known/openid-configuration",
            Audiences = Or(options.Audiences, defaults.Audiences),
            ValidTypes = Or(options.ValidTypes, defaults.ValidTypes),
            AllowedAlgorithms = Or(options.AllowedAlgorithms, defaults.AllowedAlgorithms),
            ScopeClaims = Or(options.ScopeClaims, defaults.ScopeClaims),
            PatientClaims = Or(options.PatientClaims, defaults.PatientClaims),
            EncounterClaims = Or(options.EncounterClaims, defaults.EncounterClaims),
            FhirUserClaims = Or(options.FhirUserClaims, defaults.FhirUserClaims),
            RoleClaims = Or(options.RoleClaims, defaults.RoleClaims),
            AdministratorRoles = Or(options.AdministratorRoles, defaults.AdministratorRoles),
            ClearanceClaims = Or(options.ClearanceClaims, defaults.ClearanceClaims),
            ScopePrefixes = Or(options.ScopePrefixes, defaults.ScopePrefixes),
            UnescapesScopes = options.UnescapeScopes,
            ClockSkew = options.ClockSkew,
            Revocation = options.RevocationMode,
            IntrospectionClientId = options.IntrospectionClientId,
            IntrospectionClientSecret = options.IntrospectionClientSecret,
        };
    }

    private static ImmutableArray<string> Or(string[]? configured, ImmutableArray<string> usual) =>
        configured is { Length: > 0 } ? [.. configured] : usual;
}
