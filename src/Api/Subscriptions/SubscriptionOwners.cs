using TeleFhir.Domain.Access;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// Whether who asked for a Subscription may still have what it sends. A subscription outlives the access token that it was asked for with, but
/// not the revocation of it, of its grant, of its client or its user.
/// </summary>
internal sealed class SubscriptionOwners(IRevocations revocations, IUserDirectory users)
{
    public async ValueTask<bool> IsOverAsync(SubscriptionRecord record, CancellationToken cancellationToken)
    {
        var owner = record.Owner;
        return owner.Kind == CallerKind.Anonymous
            || revocations.Contains(owner.TokenId, owner.AuthorizationId, owner.UserId, owner.ClientId, record.Owned)
            || (owner.UserId is { } user && await users.FindAsync(user, cancellationToken) is { IsDisabled: true });
    }

    /// <summary>Whether a caller is the one who asked: the same application for the same user.</summary>
    public static bool IsOwner(Caller caller, SubscriptionRecord record) =>
        caller.IsUnrestricted || (caller.Kind == record.Owner.Kind && caller.ClientId == record.Owner.ClientId && caller.UserId == record.Owner.UserId);
}
