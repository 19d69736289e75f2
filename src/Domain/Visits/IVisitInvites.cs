namespace TeleFhir.Domain.Visits;

/// <summary>An invitation of somebody who has no account.</summary>
/// <param name="Encounter">Id of the Encounter.</param>
/// <param name="RelatedPerson">Id of the RelatedPerson who is invited.</param>
/// <param name="Name">For the others in the room.</param>
/// <param name="Expires">Until when the code may be exchanged.</param>
public sealed record VisitInvite(string Encounter, string RelatedPerson, string Name, DateTimeOffset Expires);

/// <summary>
/// Invitations. The code of one is exchanged once for a session, with which the guest comes back after a drop. Only hashes of the two are kept.
/// </summary>
public interface IVisitInvites
{
    /// <summary>Keeps an invitation; gives its code.</summary>
    Task<string> AddAsync(VisitInvite invite, CancellationToken cancellationToken);

    /// <summary>
    /// Exchanges the code for a session: of any number who show it at the same moment one succeeds. Null where it is used, revoked, expired
    /// or none of this Encounter.
    /// </summary>
    Task<(VisitInvite Invite, string Session)?> ExchangeAsync(string encounter, string code, CancellationToken cancellationToken);

    /// <summary>The invitation that a session came from; null where it is revoked or older than a day.</summary>
    Task<VisitInvite?> ResumeAsync(string encounter, string session, CancellationToken cancellationToken);

    /// <summary>Ends the invitations of a person to a visit, whether exchanged or not; gives whether one had been exchanged, null where there is none.</summary>
    Task<bool?> RevokeAsync(string encounter, string relatedPerson, CancellationToken cancellationToken);

    /// <summary>Forgets what is over.</summary>
    Task PruneAsync(CancellationToken cancellationToken);
}
