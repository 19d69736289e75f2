using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IClients" />
internal sealed class Clients(
    IServiceScopeFactory scopes, ClientRules rules, IRevocations revocations, IRememberedConsents consents) : IClients
{
    private const int SecretBytes = 32;

    public async Task<IReadOnlyList<ClientRegistration>> ListAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        var clients = new List<ClientRegistration>();
        await foreach (var application in applications.ListAsync(cancellationToken: cancellationToken))
        {
            clients.Add(await ReadAsync(applications, application, cancellationToken));
        }

        return [.. clients.OrderBy(client => client.Name, StringComparer.OrdinalIgnoreCase)];
    }

    public async Task<ClientRegistration?> FindAsync(string clientId, CancellationToken cancellationToken)
    {
        if (clientId.Length == 0)
        {
            return null;
        }

        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        return await applications.FindByClientIdAsync(clientId, cancellationToken) is { } application
            ? await ReadAsync(applications, application, cancellationToken)
            : null;
    }

    public async Task<string?> AddAsync(ClientRegistration client, CancellationToken cancellationToken)
    {
        var secret = client.Kind == ClientKind.Symmetric ? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)) : null;
        await CreateAsync(client, secret, cancellationToken);
        return secret;
    }

    public Task AddDemoAsync(ClientRegistration client, string secret, CancellationToken cancellationToken) =>
        CreateAsync(client with { IsDemo = true }, secret, cancellationToken);

    public async Task<bool> ChangeAsync(ClientRegistration client, CancellationToken cancellationToken)
    {
        rules.Check(client);
        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        if (await applications.FindByClientIdAsync(client.Id, cancellationToken) is not { } application)
        {
            return false;
        }

        var record = new OpenIddictApplicationDescriptor();
        await applications.PopulateAsync(record, application, cancellationToken);
        var before = ClientRecords.Read(record);
        if (before.Kind != client.Kind)
        {
            throw new ClientMetadataException("invalid_client_metadata", "The kind of a client does not change.");
        }

        ClientRecords.Fill(record, client);
        await applications.UpdateAsync(application, record, cancellationToken);
        if (before.Jwks != ClientRecords.Read(record).Jwks || before.JwksUri != client.JwksUri)
        {
            await RevokeAsync(scope, applications, application, client.Id, cancellationToken);
        }

        return true;
    }

    public async Task<bool> RevokeAsync(string clientId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        if (await applications.FindByClientIdAsync(clientId, cancellationToken) is not { } application)
        {
            return false;
        }

        await RevokeAsync(scope, applications, application, clientId, cancellationToken);
        return true;
    }

    public async Task<bool> RemoveAsync(string clientId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        if (await applications.FindByClientIdAsync(clientId, cancellationToken) is not { } application)
        {
            return false;
        }

        await revocations.AddAsync(RevokedKind.Client, clientId, cancellationToken);
        await applications.DeleteAsync(application, cancellationToken);

        // Last, so that nobody who consents meanwhile is remembered for whoever takes the id next.
        await consents.ForgetClientAsync(clientId, cancellationToken);
        return true;
    }

    private static IOpenIddictApplicationManager Applications(AsyncServiceScope scope) =>
        scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();

    private static async Task<ClientRegistration> ReadAsync(
        IOpenIddictApplicationManager applications, object application, CancellationToken cancellationToken)
    {
        var record = new OpenIddictApplicationDescriptor();
        await applications.PopulateAsync(record, application, cancellationToken);
        return ClientRecords.Read(record);
    }

    private async Task CreateAsync(ClientRegistration client, string? secret, CancellationToken cancellationToken)
    {
        rules.Check(client);
        await using var scope = scopes.CreateAsyncScope();
        var applications = Applications(scope);
        if (await applications.FindByClientIdAsync(client.Id, cancellationToken) is not null)
        {
            throw Taken();
        }

        var record = new OpenIddictApplicationDescriptor { ClientSecret = secret };
        ClientRecords.Fill(record, client);
        try
        {
            await applications.CreateAsync(record, cancellationToken);
        }
        catch (Exception failed) when (failed is DbUpdateException or ConcurrencyException)
        {
            // Somebody else has just taken the id.
            throw Taken();
        }
    }

    private async Task RevokeAsync(
        AsyncServiceScope scope, IOpenIddictApplicationManager applications, object application, string clientId, CancellationToken cancellationToken)
    {
        var id = (await applications.GetIdAsync(application, cancellationToken))!;
        await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().RevokeByApplicationIdAsync(id, cancellationToken);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().RevokeByApplicationIdAsync(id, cancellationToken);
        await revocations.AddAsync(RevokedKind.Client, clientId, cancellationToken);
        await consents.ForgetClientAsync(clientId, cancellationToken);
    }

    private static ClientMetadataException Taken() => new("invalid_client_metadata", "This client_id is taken.");
}
