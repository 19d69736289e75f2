namespace TeleFhir.Api.Smart.Bearer;

/// <summary>How revoked tokens of an issuer are known before they run out.</summary>
internal enum RevocationMode
{
    /// <summary>They are not: a token works until it runs out.</summary>
    None,

    /// <summary>By the list of revocations in this server's database.</summary>
    Feed,

    /// <summary>By asking the issuer (RFC 7662), at most every few seconds for one token.</summary>
    Introspection,
}

/// <summary>One entry of <c>Auth:Issuers</c> as it is configured. Lists are null unless configured; <see cref="IssuerProfile"/> knows the defaults.</summary>
internal sealed class IssuerOptions
{
    /// <summary>The issuer's address; its metadata is under <c>/.well-known/openid-configuration</c> there.</summary>
    public string Authority { get; set; } = "";

    /// <summary>What tokens say in <c>iss</c>, where that is not the authority.</summary>
    public string? Issuer { get; set; }

    /// <summary>Where the metadata is, where that is not below the authority.</summary>
    public string? MetadataAddress { get; set; }

    /// <summary>A token must be meant for one of these; the FHIR base unless configured.</summary>
    public string[]? Audiences { get; set; }

    /// <summary>The <c>typ</c> of access tokens; <c>at+jwt</c> (RFC 9068) unless configured.</summary>
    public string[]? ValidTypes { get; set; }

    public string[]? AllowedAlgorithms { get; set; }

    public string[]? ScopeClaims { get; set; }

    public string[]? PatientClaims { get; set; }

    public string[]? EncounterClaims { get; set; }

    public string[]? FhirUserClaims { get; set; }

    public string[]? RoleClaims { get; set; }

    /// <summary>The roles whose users manage this server; none unless configured.</summary>
    public string[]? AdministratorRoles { get; set; }

    /// <summary>Claims that say up to which confidentiality a user sees; none unless configured, and then it is normal.</summary>
    public string[]? ClearanceClaims { get; set; }

    /// <summary>Beginnings of scope names to take away, for issuers that put an address before each.</summary>
    public string[]? ScopePrefixes { get; set; }

    /// <summary>Whether scope names are written without slashes (<c>patient%2fObservation.rs</c>, <c>patient.Observation.rs</c>), as Entra has them.</summary>
    public bool UnescapeScopes { get; set; }

    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    public RevocationMode RevocationMode { get; set; }

    /// <summary>Who this server is when it introspects.</summary>
    public string? IntrospectionClientId { get; set; }

    public string? IntrospectionClientSecret { get; set; }
}
