using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// Dynamic client registration (RFC 7591). In Development anybody may register; elsewhere it takes the initial access token of
/// <c>Auth:RegistrationToken</c>, and no self-registered client gets system scopes.
/// </summary>
internal static class Registration
{
    private const int MostBytes = 64 * 1024;

    public static void MapRegistration(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/auth/register", HandleAsync).AllowAnonymous();

    private static async Task<IResult> HandleAsync(
        HttpContext context, IOpenIddictApplicationManager applications, IHostEnvironment environment, IConfiguration configuration, TimeProvider clock)
    {
        var isOpen = environment.IsDevelopment();
        if (!isOpen && !HasInitialToken(context, configuration["Auth:RegistrationToken"]))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Fault(StatusCodes.Status401Unauthorized, "invalid_token", "Registration needs an initial access token.");
        }

        var buffer = new byte[MostBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > MostBytes)
        {
            return Fault(StatusCodes.Status413PayloadTooLarge, "invalid_client_metadata", "The metadata are too long.");
        }

        try
        {
            var metadata = JsonNode.Parse(buffer.AsSpan(0, length)) as JsonObject
                ?? throw new RegistrationException("invalid_client_metadata", "The metadata must be an object.");
            var client = new RegisteredClient(metadata, isOpen);
            var secret = client.NeedsSecret ? Base64UrlEncoder.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)) : null;
            var id = Guid.NewGuid().ToString("N");
            await applications.CreateAsync(client.Descriptor(id, secret), context.RequestAborted);
            return Results.Json(client.Answer(id, secret, clock.GetUtcNow()), statusCode: StatusCodes.Status201Created);
        }
        catch (RegistrationException wrong)
        {
            return Fault(StatusCodes.Status400BadRequest, wrong.Error, wrong.Message);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException or ArgumentException
            or OpenIddictExceptions.ValidationException)
        {
            return Fault(StatusCodes.Status400BadRequest, "invalid_client_metadata", "The metadata are not understood.");
        }
    }

    private static bool HasInitialToken(HttpContext context, string? expected) =>
        !string.IsNullOrEmpty(expected)
        && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()),
            System.Text.Encoding.UTF8.GetBytes($"Bearer {expected}"));

    private static IResult Fault(int status, string error, string description) =>
        Results.Json(new Dictionary<string, string> { ["error"] = error, ["error_description"] = description }, statusCode: status);
}

/// <summary>A fault of the metadata, by its code in RFC 7591.</summary>
internal sealed class RegistrationException(string error, string description) : Exception(description)
{
    public string Error => error;
}

/// <summary>A client as it wants to be registered, checked.</summary>
internal sealed class RegisteredClient
{
    private static readonly string[] _grants = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken, GrantTypes.ClientCredentials];
    private static readonly string[] _methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

    private readonly string _name;
    private readonly string _method;
    private readonly ImmutableArray<string> _redirects;
    private readonly ImmutableArray<string> _grantTypes;
    private readonly ImmutableArray<string> _scopes;
    private readonly JsonWebKeySet? _keys;
    private readonly string? _jwksUri;
    private readonly string? _launchUri;

    public RegisteredClient(JsonObject metadata, bool isOpen)
    {
        _name = Text(metadata, "client_name") ?? "Unnamed app";
        _method = Text(metadata, "token_endpoint_auth_method") ?? "client_secret_basic";
        _grantTypes = Words(metadata, "grant_types") is { IsEmpty: false } given ? given : [GrantTypes.AuthorizationCode];
        _redirects = Words(metadata, "redirect_uris");
        _launchUri = Text(metadata, "initiate_login_uri");
        _jwksUri = Text(metadata, "jwks_uri");
        _keys = metadata["jwks"] is JsonObject set ? JsonWebKeySet.Create(set.ToJsonString()) : null;
        Demand(_name.Length <= 200, "client_name is too long.");
        Demand(_methods.Contains(_method), "token_endpoint_auth_method is not supported.");
        Demand(_grantTypes.All(_grants.Contains), "A grant type is not supported.");
        Demand(Words(metadata, "response_types") is var types && types.All(type => type == "code"), "The only response type is code.");
        var isApp = _grantTypes.Contains(GrantTypes.AuthorizationCode);
        if (isApp && (_redirects.IsEmpty || !_redirects.All(uri => IsAddress(uri, isOpen))))
        {
            throw new RegistrationException("invalid_redirect_uri", "redirect_uris must be https addresses without fragment and user, or loopback.");
        }

        Demand(_launchUri is null || IsAddress(_launchUri, isOpen), "initiate_login_uri must be an https address.");
        Demand(_jwksUri is null || IsAddress(_jwksUri, isOpen), "jwks_uri must be an https address.");
        Demand(_jwksUri is null || _keys is null, "jwks and jwks_uri do not go together.");
        Demand(_method != "private_key_jwt" || _jwksUri is not null || _keys is { Keys.Count: > 0 }, "private_key_jwt needs jwks or jwks_uri.");
        Demand(_keys is null || _keys.Keys.All(ClientKeys.IsAcceptable), "A key is private, too short, or of a kind that is not supported.");
        Demand(!_grantTypes.Contains(GrantTypes.ClientCredentials) || _method == "private_key_jwt", "client_credentials needs private_key_jwt.");
        var scopes = (Text(metadata, "scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Demand(scopes.All(ScopeRules.IsScope), "A scope is not one that this server knows.");
        _scopes = [.. scopes.Distinct().Where(word => isOpen || SmartScope.Parse(word)?.Context != ScopeContext.System)];
    }

    public bool NeedsSecret => _method.StartsWith("client_secret_", StringComparison.Ordinal);

    public OpenIddictApplicationDescriptor Descriptor(string id, string? secret)
    {
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = id,
            ClientSecret = secret,
            DisplayName = _name,
            ClientType = _method == "none" ? ClientTypes.Public : ClientTypes.Confidential,
            ApplicationType = ApplicationTypes.Web,
            ConsentType = ConsentTypes.Explicit,
            JsonWebKeySet = _keys,
        };
        descriptor.Permissions.UnionWith([Permissions.Endpoints.Token, Permissions.Endpoints.Revocation]);
        descriptor.Permissions.UnionWith(_grantTypes.Select(grant => Permissions.Prefixes.GrantType + grant));
        if (_grantTypes.Contains(GrantTypes.AuthorizationCode))
        {
            // Apps that keep their access get a refresh token; whether they do is asked by the scope.
            descriptor.Permissions.UnionWith(
                [Permissions.Endpoints.Authorization, Permissions.ResponseTypes.Code, Permissions.GrantTypes.RefreshToken]);
        }

        descriptor.RedirectUris.UnionWith(_redirects.Select(uri => new Uri(uri)));
        descriptor.Properties[ClientProfile.Scopes] = JsonSerializer.SerializeToElement(string.Join(' ', _scopes));
        if (_jwksUri is not null)
        {
            descriptor.Properties[ClientProfile.JwksUri] = JsonSerializer.SerializeToElement(_jwksUri);
        }

        if (_launchUri is not null)
        {
            descriptor.Properties[ClientProfile.LaunchUri] = JsonSerializer.SerializeToElement(_launchUri);
        }

        return descriptor;
    }

    public Dictionary<string, object> Answer(string id, string? secret, DateTimeOffset now)
    {
        var answer = new Dictionary<string, object>
        {
            ["client_id"] = id,
            ["client_id_issued_at"] = now.ToUnixTimeSeconds(),
            ["client_name"] = _name,
            ["token_endpoint_auth_method"] = _method,
            ["grant_types"] = _grantTypes,
            ["redirect_uris"] = _redirects,
            ["scope"] = string.Join(' ', _scopes),
        };
        if (secret is not null)
        {
            (answer["client_secret"], answer["client_secret_expires_at"]) = (secret, 0);
        }

        if (_jwksUri is not null)
        {
            answer["jwks_uri"] = _jwksUri;
        }

        if (_launchUri is not null)
        {
            answer["initiate_login_uri"] = _launchUri;
        }

        return answer;
    }

    /// <summary>An https address, or in Development one of this machine; nothing in it that hides where it leads.</summary>
    private static bool IsAddress(string text, bool isOpen) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0 && !text.Contains('*', StringComparison.Ordinal)
        && (uri.Scheme == "https" || (isOpen && uri is { Scheme: "http", IsLoopback: true }));

    private static void Demand(bool holds, string description)
    {
        if (!holds)
        {
            throw new RegistrationException("invalid_client_metadata", description);
        }
    }

    private static string? Text(JsonObject metadata, string name) => metadata[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw new RegistrationException("invalid_client_metadata", $"{name} must be a string."),
    };

    private static ImmutableArray<string> Words(JsonObject metadata, string name) => metadata[name] switch
    {
        null => [],
        JsonArray array => [.. array.Select(item => item is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new RegistrationException("invalid_client_metadata", $"{name} must hold strings."))],
        _ => throw new RegistrationException("invalid_client_metadata", $"{name} must be an array."),
    };
}
