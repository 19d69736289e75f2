using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IUsedAssertions" />
internal sealed class UsedAssertions(SmartDb database) : IUsedAssertions
{
    public Task<bool> TryUseAsync(string issuer, string id, DateTimeOffset expires, CancellationToken cancellationToken) =>
        database.TryInsertAsync(new UsedAssertionRow { Hash = SmartHash.Of(issuer, id), Expires = expires.UtcTicks }, cancellationToken);
}
