using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ISingleUse" />
internal sealed class SingleUse(SmartDb database) : ISingleUse
{
    public Task<bool> TryUseAsync(string owner, string id, DateTimeOffset expires, CancellationToken cancellationToken) =>
        database.TryInsertAsync(new SingleUseRow { Hash = SmartHash.Of(owner, id), Expires = expires.UtcTicks }, cancellationToken);
}
