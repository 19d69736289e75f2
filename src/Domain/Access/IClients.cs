using System.Collections.Immutable;

namespace TeleFhir.Domain.Access;

/// <summary>How a client proves who it is.</summary>
public enum ClientKind
{
    /// <summary>It cannot: an application in a browser or on a phone.</summary>
    Public,

    /// <summary>By a secret that the server made.</summary>
    Symmetric,

    /// <summary>By a signature with a key of its own.</summary>
    Asymmetric,
}

/// <summary>An OAuth client as it is registered. Never holds its secret.</summary>
/// <param name="Id">Its <c>client_id</c>.</param>
/// <param name="Name">For people; text only.</param>
/// <param name="Kind">How it proves who it is.</param>
public sealed record ClientRegistration(string Id, string Name, ClientKind Kind)
{
    /// <summary>Where answers may be sent, compared exactly; empty for a client without users.</summary>
    public ImmutableArray<string> RedirectUris { get; init; } = [];

    /// <summary>Where an EHR launch opens the application; null where it cannot be launched.</summary>
    public string? InitiateLoginUri { get; init; }

    /// <summary>The most that it may ask for: <c>patient/*.cruds</c> allows <c>patient/Observation.rs</c> too.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>Its public keys as a JSON Web Key Set; null where they are at <see cref="JwksUri"/> or it has none.</summary>
    public string? Jwks { get; init; }

    /// <summary>Where its public keys are; null where they are in <see cref="Jwks"/> or it has none.</summary>
    public string? JwksUri { get; init; }

    /// <summary>Works on its own behalf, without a user (<c>client_credentials</c>).</summary>
    public bool IsBackend { get; init; }

    /// <summary>May ask what any token says.</summary>
    public bool MayIntrospect { get; init; }

    /// <summary>An administrator has looked at it; one that registered itself is not until then.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>Registered itself.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Belongs to the demonstration and must not exist in Production.</summary>
    public bool IsDemo { get; init; }
}

/// <summary>The OAuth clients of the embedded authorization server.</summary>
public interface IClients
{
    /// <summary>All, by name.</summary>
    Task<IReadOnlyList<ClientRegistration>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The one with this id, or null.</summary>
    Task<ClientRegistration?> FindAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>
    /// Adds one. Gives the secret of a symmetric one, which is told this once and never again; null for the others.
    /// Throws <see cref="ClientMetadataException"/> where the registration makes no sense or the id is taken.
    /// </summary>
    Task<string?> AddAsync(ClientRegistration client, CancellationToken cancellationToken);

    /// <summary>Adds a symmetric one whose secret everybody may know: one of the demonstration.</summary>
    Task AddDemoAsync(ClientRegistration client, string secret, CancellationToken cancellationToken);

    /// <summary>
    /// Puts this in the place of what was registered under the id; the kind stays. Other keys revoke what was issued before and have
    /// users asked again. False where there is none. Throws <see cref="ClientMetadataException"/> where the registration makes no sense.
    /// </summary>
    Task<bool> ChangeAsync(ClientRegistration client, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what was granted to it and issued for it until now, and has users asked again; the client stays. False where there is none.
    /// </summary>
    Task<bool> RevokeAsync(string clientId, CancellationToken cancellationToken);

    /// <summary>Removes it and all that was granted to it or remembered of it; false where there is none.</summary>
    Task<bool> RemoveAsync(string clientId, CancellationToken cancellationToken);
}

/// <summary>What is wrong with a registration, in the terms of RFC 7591.</summary>
/// <param name="error"><c>invalid_redirect_uri</c> or <c>invalid_client_metadata</c>.</param>
/// <param name="message">A sentence that its author can act on.</param>
public sealed class ClientMetadataException(string error, string message) : Exception(message)
{
    /// <summary><c>invalid_redirect_uri</c> or <c>invalid_client_metadata</c>.</summary>
    public string Error { get; } = error;
}
