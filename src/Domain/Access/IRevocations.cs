namespace TeleFhir.Domain.Access;

/// <summary>What a revocation names.</summary>
public enum RevokedKind
{
    /// <summary>One access token, by its <c>jti</c>.</summary>
    Token,

    /// <summary>Everything of one grant (OpenIddict's authorization id).</summary>
    Authorization,

    /// <summary>Everything of one user issued until now.</summary>
    User,

    /// <summary>Everything of one client issued until now.</summary>
    Client,
}

/// <summary>
/// Access tokens that must no longer work although they have not run out. Every node looks into its memory, which follows the database
/// by a few seconds at most; on the node that adds one it holds at once.
/// </summary>
public interface IRevocations
{
    /// <summary>Revokes; kept until the longest-lived access token has run out.</summary>
    Task AddAsync(RevokedKind kind, string value, CancellationToken cancellationToken);

    /// <summary>Whether a token that was issued then is revoked. Any of the names may be null.</summary>
    bool Contains(string? tokenId, string? authorizationId, string? userId, string? clientId, DateTimeOffset issued);
}
