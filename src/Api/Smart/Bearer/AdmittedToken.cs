using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>A token that was good when it was looked at, and what has to be asked again on every request.</summary>
internal sealed record AdmittedToken
{
    public required Issuer Issuer { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>The keys it was checked with.</summary>
    public required TokenKeySet Keys { get; init; }

    /// <summary>From then on it has to be looked at again.</summary>
    public required DateTimeOffset Until { get; init; }

    public required DateTimeOffset Issued { get; init; }

    public string? TokenId { get; init; }

    public string? AuthorizationId { get; init; }

    public bool IsCurrent(DateTimeOffset now) => now < Until && ReferenceEquals(Keys, Issuer.Keys.Current);

    public bool IsRevoked(IRevocations revocations) => Issuer.Profile.Revocation == RevocationMode.Feed
        && revocations.Contains(TokenId, AuthorizationId, Caller.UserId, Caller.ClientId, Issued);
}
