using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>What kind of caller it is.</summary>
public enum CallerKind
{
    /// <summary>Nobody known.</summary>
    Anonymous,

    /// <summary>Everyone, where access control is switched off.</summary>
    Development,

    /// <summary>A worker of the server itself.</summary>
    System,

    /// <summary>A client without a user (SMART Backend Services).</summary>
    Client,

    /// <summary>A user through a client.</summary>
    User,
}

/// <summary>
/// Who asks. Every call to the store takes one; there is no ambient caller. It says what the caller may do at all;
/// the store narrows further what it may see. Immutable.
/// </summary>
public sealed record Caller
{
    private Caller(CallerKind kind, string name) => (Kind, Name) = (kind, name);

    /// <summary>What kind of caller.</summary>
    public CallerKind Kind { get; }

    /// <summary>Who it is, for logs: a client, a user's account id or a worker. No patient data.</summary>
    public string Name { get; }

    /// <summary>The OAuth client, or null.</summary>
    public string? ClientId { get; init; }

    /// <summary>The user's account (<c>sub</c> of the token), or null.</summary>
    public string? UserId { get; init; }

    /// <summary>The access token that was shown (its <c>jti</c>), or null.</summary>
    public string? TokenId { get; init; }

    /// <summary>The grant that the token was issued under, or null.</summary>
    public string? AuthorizationId { get; init; }

    /// <summary>The resource that the user is, for example <c>Practitioner/demo-lee</c>; null where there is none.</summary>
    public ResourceKey? FhirUser { get; init; }

    /// <summary>Id of the patient in context, or null.</summary>
    public string? Patient { get; init; }

    /// <summary>Id of the encounter in context, or null.</summary>
    public string? Encounter { get; init; }

    /// <summary>The resource scopes that were granted.</summary>
    public ImmutableArray<SmartScope> Scopes { get; init; } = [];

    /// <summary>Manages users and clients and sees the audit trail.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Up to which confidentiality resources are shown.</summary>
    public Confidentiality Clearance { get; init; } = Confidentiality.Normal;

    /// <summary>Ids of patients to whose records this user has broken the glass and the time has not run out.</summary>
    public ImmutableArray<string> EmergencyPatients { get; init; } = [];

    /// <summary>Nobody: may do nothing but read the capability statement.</summary>
    public static Caller Anonymous { get; } = new(CallerKind.Anonymous, "anonymous");

    /// <summary>Everyone, where access control is switched off (<c>Auth:Mode=None</c>, Development only).</summary>
    public static Caller Development { get; } = new(CallerKind.Development, "development");

    /// <summary>Whether nothing is withheld: the server itself, or no access control.</summary>
    public bool IsUnrestricted => Kind is CallerKind.Development or CallerKind.System;

    /// <summary>A worker of the server itself, for example <c>import</c>.</summary>
    public static Caller System(string worker) => new(CallerKind.System, $"system/{worker}");

    /// <summary>A client on its own behalf.</summary>
    public static Caller Client(string clientId) => new(CallerKind.Client, clientId) { ClientId = clientId };

    /// <summary>A user through a client.</summary>
    public static Caller User(string userId, string clientId) => new(CallerKind.User, userId) { UserId = userId, ClientId = clientId };

    /// <summary>Whether this caller may do this at all, on whatever type.</summary>
    public bool May(Interaction interaction) => interaction switch
    {
        _ when IsUnrestricted => true,
        Interaction.Capabilities => true,
        Interaction.Transaction or Interaction.Batch or Interaction.Operation => Kind != CallerKind.Anonymous,
        _ => Scopes.Any(scope => (scope.Permissions & SmartScope.Needed(interaction)) != ScopePermissions.None),
    };

    /// <summary>Whether this caller may do this on some resources of the type.</summary>
    public bool May(Interaction interaction, string type) =>
        IsUnrestricted || (May(interaction) && (SmartScope.Needed(interaction) == ScopePermissions.None || Scopes.Any(scope => scope.Permits(interaction, type))));

    /// <summary>Throws 403 unless <see cref="May(Interaction)"/>.</summary>
    public void Demand(Interaction interaction)
    {
        if (!May(interaction))
        {
            throw FhirException.Forbidden($"This caller may not do {interaction}.");
        }
    }

    /// <summary>Throws 403 unless <see cref="May(Interaction, string)"/>.</summary>
    public void Demand(Interaction interaction, string type)
    {
        if (!May(interaction, type))
        {
            throw FhirException.Forbidden($"This caller may not do {interaction} on {type}.");
        }
    }
}

/// <summary>How confidential a resource is, least first (http://terminology.hl7.org/CodeSystem/v3-Confidentiality).</summary>
public enum Confidentiality
{
    /// <summary><c>U</c></summary>
    Unrestricted,

    /// <summary><c>L</c></summary>
    Low,

    /// <summary><c>M</c></summary>
    Moderate,

    /// <summary><c>N</c></summary>
    Normal,

    /// <summary><c>R</c></summary>
    Restricted,

    /// <summary><c>V</c></summary>
    VeryRestricted,
}
