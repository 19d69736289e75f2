using System.Collections.Immutable;
using System.Text.Json;
using OpenIddict.Abstractions;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Server;

/// <summary>What a client is registered with that OpenIddict has no field for, kept in the properties of its application.</summary>
internal static class ClientProfile
{
    public const string Scopes = "scopes";
    public const string JwksUri = "jwks_uri";
    public const string LaunchUri = "initiate_login_uri";

    /// <summary>A client that may prove itself with a secret where others need a key: the demo's alone.</summary>
    public const string SecretSuffices = "secret_suffices";

    public static string? Text(this ImmutableDictionary<string, JsonElement> properties, string name) =>
        properties.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The scopes that the client may ask for; an upper bound by meaning.</summary>
    public static async Task<ImmutableArray<string>> ScopesOfAsync(
        this IOpenIddictApplicationManager applications, object application, CancellationToken cancellationToken) =>
        [.. ((await applications.GetPropertiesAsync(application, cancellationToken)).Text(Scopes) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}

/// <summary>Which scopes a request gets.</summary>
internal static class ScopeRules
{
    /// <summary>Scopes that are about the launch and the person and not about resources.</summary>
    public static readonly ImmutableArray<string> Context =
        ["openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "offline_access", "online_access"];

    /// <summary>Whether a word is a scope in form: one of the above, or a resource scope of a type that there is.</summary>
    public static bool IsScope(string word) => Context.Contains(word) || SmartScope.Parse(word) is not null;

    /// <summary>The words that look like resource scopes and are none.</summary>
    public static bool IsMalformed(string word) =>
        word.Contains('/', StringComparison.Ordinal) && !IsScope(word)
        && (word.StartsWith("patient/", StringComparison.Ordinal) || word.StartsWith("user/", StringComparison.Ordinal) || word.StartsWith("system/", StringComparison.Ordinal));

    /// <summary>What of the request the client is registered for; the rest is left out, as OAuth allows.</summary>
    public static ImmutableArray<string> Narrow(IEnumerable<string> requested, ImmutableArray<string> registered, params ScopeContext[] contexts)
    {
        var bounds = registered.Select(SmartScope.Parse).OfType<SmartScope>().ToList();
        return
        [
            .. requested.Distinct().Where(word => SmartScope.Parse(word) is { } scope
                ? contexts.Contains(scope.Context) && bounds.Exists(bound => bound.Covers(scope))
                : Context.Contains(word) && registered.Contains(word)),
        ];
    }
}
