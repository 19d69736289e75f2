using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>A registration as OpenIddict keeps it, and back. What it has no place for is among its properties.</summary>
internal static class ClientRecords
{
    public const string JwksUri = "jwks_uri";

    private const string Scopes = "scopes";
    private const string InitiateLoginUri = "initiate_login_uri";
    private const string Trusted = "trusted";
    private const string Dynamic = "dynamic";
    private const string Demo = "demo";

    public static void Fill(OpenIddictApplicationDescriptor record, ClientRegistration client)
    {
        record.ClientId = client.Id;
        record.DisplayName = client.Name;
        record.ApplicationType = ApplicationTypes.Web;
        record.ClientType = client.Kind == ClientKind.Public ? ClientTypes.Public : ClientTypes.Confidential;
        record.ConsentType = ConsentTypes.Explicit;
        record.JsonWebKeySet = client.Jwks is { } jwks ? new JsonWebKeySet(jwks) : null;
        record.RedirectUris.Clear();
        record.RedirectUris.UnionWith(client.RedirectUris.Select(address => new Uri(address)));
        record.Permissions.Clear();
        record.Permissions.UnionWith(PermissionsOf(client));
        record.Properties.Clear();
        Put(record, Scopes, client.Scopes);
        Put(record, Trusted, client.IsTrusted);
        Put(record, Dynamic, client.IsDynamic);
        Put(record, Demo, client.IsDemo);
        Put(record, InitiateLoginUri, client.InitiateLoginUri);
        Put(record, JwksUri, client.JwksUri);
    }

    public static ClientRegistration Read(OpenIddictApplicationDescriptor record)
    {
        var jwks = record.JsonWebKeySet;
        var jwksUri = Text(record, JwksUri);
        var kind = record.ClientType == ClientTypes.Public ? ClientKind.Public
            : jwks is not null || jwksUri is not null ? ClientKind.Asymmetric
            : ClientKind.Symmetric;
        return new ClientRegistration(record.ClientId!, record.DisplayName ?? record.ClientId!, kind)
        {
            RedirectUris = [.. record.RedirectUris.Select(address => address.OriginalString)],
            InitiateLoginUri = Text(record, InitiateLoginUri),
            Scopes = record.Properties.TryGetValue(Scopes, out var scopes) ? [.. scopes.EnumerateArray().Select(scope => scope.GetString()!)] : [],
            Jwks = jwks is null ? null : JsonSerializer.Serialize(new { keys = jwks.Keys.Select(PublicPart) }),
            JwksUri = jwksUri,
            IsBackend = record.Permissions.Contains(Permissions.GrantTypes.ClientCredentials),
            MayIntrospect = record.Permissions.Contains(Permissions.Endpoints.Introspection),
            IsTrusted = Is(record, Trusted),
            IsDynamic = Is(record, Dynamic),
            IsDemo = Is(record, Demo),
        };
    }

    private static IEnumerable<string> PermissionsOf(ClientRegistration client)
    {
        yield return Permissions.Endpoints.Token;
        yield return Permissions.Endpoints.Revocation;
        if (client.MayIntrospect)
        {
            yield return Permissions.Endpoints.Introspection;
        }

        if (client.IsBackend)
        {
            yield return Permissions.GrantTypes.ClientCredentials;
        }

        if (!client.RedirectUris.IsEmpty)
        {
            yield return Permissions.Endpoints.Authorization;
            yield return Permissions.GrantTypes.AuthorizationCode;
            yield return Permissions.GrantTypes.RefreshToken;
            yield return Permissions.ResponseTypes.Code;
        }
    }

    private static ImmutableSortedDictionary<string, string> PublicPart(JsonWebKey key) => new Dictionary<string, string?>
    {
        ["kty"] = key.Kty,
        ["kid"] = key.Kid,
        ["use"] = key.Use,
        ["alg"] = key.Alg,
        ["n"] = key.N,
        ["e"] = key.E,
        ["crv"] = key.Crv,
        ["x"] = key.X,
        ["y"] = key.Y,
    }.Where(member => member.Value is not null).ToImmutableSortedDictionary(member => member.Key, member => member.Value!, StringComparer.Ordinal);

    private static void Put<T>(OpenIddictApplicationDescriptor record, string name, T value)
    {
        if (value is not null)
        {
            record.Properties[name] = JsonSerializer.SerializeToElement(value);
        }
    }

    private static string? Text(OpenIddictApplicationDescriptor record, string name) =>
        record.Properties.TryGetValue(name, out var value) ? value.GetString() : null;

    private static bool Is(OpenIddictApplicationDescriptor record, string name) =>
        record.Properties.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.True;
}
