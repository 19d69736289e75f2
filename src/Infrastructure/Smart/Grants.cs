using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IGrants" />
internal sealed class Grants(IServiceScopeFactory scopes, IRevocations revocations) : IGrants
{
    public async Task<IReadOnlyList<Grant>> OfUserAsync(string userId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var authorizations = scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        var found = new List<(object Authorization, string Id)>();
        await foreach (var authorization in authorizations.FindBySubjectAsync(userId, cancellationToken))
        {
            if (await authorizations.HasStatusAsync(authorization, Statuses.Valid, cancellationToken))
            {
                found.Add((authorization, (await authorizations.GetIdAsync(authorization, cancellationToken))!));
            }
        }

        var grants = new List<Grant>(found.Count);
        foreach (var (authorization, id) in found)
        {
            if (await authorizations.GetApplicationIdAsync(authorization, cancellationToken) is not { } applicationId
                || await applications.FindByIdAsync(applicationId, cancellationToken) is not { } application)
            {
                continue;
            }

            var clientId = (await applications.GetClientIdAsync(application, cancellationToken))!;
            grants.Add(new Grant(
                id,
                clientId,
                await applications.GetDisplayNameAsync(application, cancellationToken) ?? clientId,
                await authorizations.GetScopesAsync(authorization, cancellationToken),
                await authorizations.GetCreationDateAsync(authorization, cancellationToken) ?? DateTimeOffset.UnixEpoch));
        }

        return [.. grants.OrderByDescending(grant => grant.Created)];
    }

    public async Task RevokeAsync(string grantId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var authorizations = scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().RevokeByAuthorizationIdAsync(grantId, cancellationToken);
        if (await authorizations.FindByIdAsync(grantId, cancellationToken) is { } authorization)
        {
            await authorizations.TryRevokeAsync(authorization, cancellationToken);
        }

        await revocations.AddAsync(RevokedKind.Authorization, grantId, cancellationToken);
    }

    public async Task<bool> RevokeAsync(string userId, string grantId, CancellationToken cancellationToken)
    {
        await using (var scope = scopes.CreateAsyncScope())
        {
            var authorizations = scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>();
            if (await authorizations.FindByIdAsync(grantId, cancellationToken) is not { } authorization
                || await authorizations.GetSubjectAsync(authorization, cancellationToken) != userId
                || !await authorizations.HasStatusAsync(authorization, Statuses.Valid, cancellationToken))
            {
                return false;
            }
        }

        await RevokeAsync(grantId, cancellationToken);
        return true;
    }
}
