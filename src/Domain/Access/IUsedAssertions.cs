namespace TeleFhir.Domain.Access;

/// <summary>Signed assertions that clients have shown; each works once, on whatever node.</summary>
public interface IUsedAssertions
{
    /// <summary>Notes one by its issuer and <c>jti</c> until it expires; false where it was used before.</summary>
    Task<bool> TryUseAsync(string issuer, string id, DateTimeOffset expires, CancellationToken cancellationToken);
}
