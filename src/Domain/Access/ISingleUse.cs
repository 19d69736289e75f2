namespace TeleFhir.Domain.Access;

/// <summary>Things that work once, on whatever node and however many show them at the same moment.</summary>
public interface ISingleUse
{
    /// <summary>Notes the use of one, by who or what it is of and its id, until it expires; false where it was used before.</summary>
    Task<bool> TryUseAsync(string owner, string id, DateTimeOffset expires, CancellationToken cancellationToken);
}
