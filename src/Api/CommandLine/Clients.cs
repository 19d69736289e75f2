using System.Collections.Immutable;
using Spectre.Console;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>client add|list|remove|revoke|revoke-all</c>: the OAuth clients of the embedded authorization server. The secret of a client that has
/// one is made here and told once. Whoever may run this is an administrator, so what is added counts as looked at. Revoking ends what was
/// granted and leaves clients and accounts as they are: for when something got out and nobody knows what was done with it.
/// </summary>
internal static class Clients
{
    /// <summary>What <c>client add</c> takes.</summary>
    public static readonly string[] Options = ["name", "kind", "redirect", "scope", "jwks", "jwks-uri", "launch", "may"];

    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var clients = services.GetRequiredService<IClients>();
        await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        switch (arguments.Operands)
        {
            case ["list"]:
                foreach (var client in await clients.ListAsync(cancellationToken))
                {
                    console.Say($"{client.Id}  {KindOf(client)}  {client.Name}  {string.Join(' ', client.Scopes)}");
                }

                return 0;
            case ["add", var id]:
                return await AddAsync(clients, id, arguments, console, cancellationToken);
            case ["revoke", var id]:
                var isRevoked = await clients.RevokeAsync(id, cancellationToken);
                console.Say(isRevoked ? $"All that was granted to {id} has ended; nodes that run know it within seconds." : $"There is no client {id}.");
                return isRevoked ? 0 : 1;
            case ["revoke-all"]:
                var all = await clients.ListAsync(cancellationToken);
                foreach (var client in all)
                {
                    await clients.RevokeAsync(client.Id, cancellationToken);
                }

                console.Say($"All that was granted to {all.Count} clients has ended; nodes that run know it within seconds.");
                return 0;
            case ["remove", var id]:
                var isRemoved = await clients.RemoveAsync(id, cancellationToken);
                console.Say(isRemoved ? $"{id} and all that was granted to it are gone." : $"There is no client {id}.");
                return isRemoved ? 0 : 1;
            default:
                throw new UsageException("client takes add, remove or revoke and an id, list, or revoke-all.");
        }
    }

    private static async Task<int> AddAsync(
        IClients clients, string id, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var kind = One(arguments, "kind") switch
        {
            "public" => ClientKind.Public,
            "symmetric" => ClientKind.Symmetric,
            "asymmetric" => ClientKind.Asymmetric,
            _ => throw new UsageException("--kind takes public, symmetric or asymmetric."),
        };
        var may = arguments.All("may").ToImmutableArray();
        if (may.Any(right => right is not ("backend" or "introspect")))
        {
            throw new UsageException("--may takes backend or introspect.");
        }

        var client = new ClientRegistration(id, One(arguments, "name") ?? id, kind)
        {
            RedirectUris = [.. arguments.All("redirect")],
            InitiateLoginUri = One(arguments, "launch"),
            Scopes = [.. arguments.All("scope").SelectMany(scopes => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)],
            Jwks = One(arguments, "jwks") is { } file ? await File.ReadAllTextAsync(file, cancellationToken) : null,
            JwksUri = One(arguments, "jwks-uri"),
            IsBackend = may.Contains("backend"),
            MayIntrospect = may.Contains("introspect"),
            IsTrusted = true,
        };
        try
        {
            var secret = await clients.AddAsync(client, cancellationToken);
            console.Say(secret is null ? $"{id} is registered." : $"{id} is registered with the secret {secret} which is not shown again.");
            return 0;
        }
        catch (ClientMetadataException wrong)
        {
            console.Say(wrong.Message);
            return 1;
        }
    }

    private static string? One(CommandArguments arguments, string option) => arguments.All(option).LastOrDefault();

    private static string KindOf(ClientRegistration client) =>
        client.Kind.ToString().ToLowerInvariant() + (client.IsBackend ? " backend" : "") + (client.MayIntrospect ? " introspect" : "");
}
