using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// <c>POST /auth/register</c>: an application registers itself (RFC 7591). Open in Development; elsewhere it shows the initial access token
/// that the administrator gave out, and gets neither <c>system/</c> scopes nor a look at other tokens until one has looked at it.
/// </summary>
internal static class Register
{
    private const int MostBytes = 64 * 1024;
    private const int IdBytes = 16;
    private const string Scheme = "Bearer ";
    private const string Invalid = "invalid_client_metadata";
    private static readonly string[] _grants = ["authorization_code", "refresh_token", "client_credentials"];
    private static readonly ImmutableArray<string> _usualScopes = [.. ClientRules.Contexts, "patient/*.rs", "user/*.rs"];

    public static async Task<IResult> HandleAsync(
        HttpContext context, IClients clients, TeleFhirOptions options, IHostEnvironment environment, TimeProvider clock, AuthorizationEvents events)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
        if (!environment.IsDevelopment() && !HasInitialToken(context.Request, options.Auth.InitialAccessToken))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Fault(StatusCodes.Status401Unauthorized, "invalid_token", "Registration needs an initial access token.");
        }

        try
        {
            var metadata = await ReadAsync(context.Request, context.RequestAborted);
            var client = ClientOf(metadata, environment.IsDevelopment());
            var secret = await clients.AddAsync(client, context.RequestAborted);
            await events.RecordAsync(context, "register", client.Id, null);
            return Results.Json(Answer(client, metadata, secret, clock.GetUtcNow()), statusCode: StatusCodes.Status201Created);
        }
        catch (ClientMetadataException wrong)
        {
            return Fault(StatusCodes.Status400BadRequest, wrong.Error, wrong.Message);
        }
    }

    private static bool HasInitialToken(HttpRequest request, string? expected) =>
        expected is not null
        && request.Headers.Authorization.ToString() is var header
        && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));

    private static async Task<JsonObject> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new ClientMetadataException(Invalid, "The metadata must be sent as application/json.");
        }

        using var body = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > MostBytes)
            {
                throw new ClientMetadataException(Invalid, $"The metadata must not be longer than {MostBytes} bytes.");
            }

            body.Write(buffer, 0, read);
        }

        try
        {
            return JsonNode.Parse(body.ToArray(), documentOptions: new() { AllowDuplicateProperties = false }) as JsonObject ?? throw new ClientMetadataException(Invalid, "The metadata must be a JSON object.");
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException)
        {
            throw new ClientMetadataException(Invalid, "The metadata is not JSON.");
        }
    }

    private static ClientRegistration ClientOf(JsonObject metadata, bool isDevelopment)
    {
        var kind = Text(metadata, "token_endpoint_auth_method") switch
        {
            "none" => ClientKind.Public,
            null or "client_secret_basic" or "client_secret_post" => ClientKind.Symmetric,
            "private_key_jwt" => ClientKind.Asymmetric,
            _ => throw new ClientMetadataException(Invalid, "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt."),
        };
        var grants = Words(metadata, "grant_types") ?? ["authorization_code"];
        if (grants.FirstOrDefault(grant => !_grants.Contains(grant)) is { } unknown)
        {
            throw new ClientMetadataException(Invalid, $"There is no grant type '{unknown}'.");
        }

        var isBackend = grants.Contains("client_credentials");
        if (isBackend && kind != ClientKind.Asymmetric)
        {
            throw new ClientMetadataException(Invalid, "A client with the grant client_credentials must use private_key_jwt.");
        }

        if (Words(metadata, "response_types") is { } responses && responses.Any(response => response != "code"))
        {
            throw new ClientMetadataException(Invalid, "The only response type is code.");
        }

        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
        return new ClientRegistration(id, Text(metadata, "client_name") ?? id, kind)
        {
            RedirectUris = grants.Contains("authorization_code") ? Words(metadata, "redirect_uris") ?? [] : [],
            InitiateLoginUri = Text(metadata, "initiate_login_uri"),
            Scopes = ScopesOf(metadata, isBackend, isDevelopment),
            Jwks = metadata["jwks"]?.ToJsonString(),
            JwksUri = Text(metadata, "jwks_uri"),
            IsBackend = isBackend,
            IsDynamic = true,
        };
    }

    private static ImmutableArray<string> ScopesOf(JsonObject metadata, bool isBackend, bool isDevelopment)
    {
        var asked = Text(metadata, "scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return asked is null
            ? _usualScopes
            : [.. asked.Distinct(StringComparer.Ordinal).Where(scope =>
                ClientRules.IsContext(scope)
                || (RequestedScopes.Parse(scope) is { } parsed && (parsed.Context != ScopeContext.System || (isBackend && isDevelopment))))];
    }

    private static JsonObject Answer(ClientRegistration client, JsonObject metadata, string? secret, DateTimeOffset now)
    {
        var answer = new JsonObject
        {
            ["client_id"] = client.Id,
            ["client_id_issued_at"] = now.ToUnixTimeSeconds(),
            ["client_name"] = client.Name,
            ["token_endpoint_auth_method"] = Text(metadata, "token_endpoint_auth_method") ?? "client_secret_basic",
            ["grant_types"] = Array(Words(metadata, "grant_types") ?? ["authorization_code"]),
            ["redirect_uris"] = Array(client.RedirectUris),
            ["scope"] = string.Join(' ', client.Scopes),
        };
        if (!client.RedirectUris.IsEmpty)
        {
            answer["response_types"] = new JsonArray("code");
        }

        if (secret is not null)
        {
            answer["client_secret"] = secret;
            answer["client_secret_expires_at"] = 0;
        }

        foreach (var name in (string[])["jwks", "jwks_uri", "initiate_login_uri"])
        {
            if (metadata[name] is { } value)
            {
                answer[name] = value.DeepClone();
            }
        }

        return answer;
    }

    private static IResult Fault(int status, string error, string description) =>
        Results.Json(new Dictionary<string, string> { ["error"] = error, ["error_description"] = description }, statusCode: status);

    private static JsonArray Array(IEnumerable<string> words) => [.. words.Select(word => (JsonNode)word)];

    private static string? Text(JsonObject metadata, string name) => metadata[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => throw new ClientMetadataException(Invalid, $"{name} must be a text."),
    };

    private static ImmutableArray<string>? Words(JsonObject metadata, string name) => metadata[name] switch
    {
        null => null,
        JsonArray list when list.All(item => item?.GetValueKind() == JsonValueKind.String) => [.. list.Select(item => item!.GetValue<string>())],
        _ => throw new ClientMetadataException(Invalid, $"{name} must be a list of texts."),
    };
}
