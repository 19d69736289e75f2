using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Smart;

/// <summary>
/// What a client asks for against what it may have. What it may not have is left out rather than refused (RFC 6749, 3.3); what looks like
/// a resource scope and is none is a fault.
/// </summary>
internal static class RequestedScopes
{
    private static readonly string[] _prefixes = ["patient/", "user/", "system/"];

    /// <summary>The scopes of a request that the client may have, in their order; null where one of them is malformed.</summary>
    public static ImmutableArray<string>? Reduce(IEnumerable<string> asked, ClientRegistration client, Func<ScopeContext, bool> contexts)
    {
        var bounds = client.Scopes.Select(SmartScope.Parse).OfType<SmartScope>().ToList();
        var kept = ImmutableArray.CreateBuilder<string>();
        foreach (var text in asked.Distinct(StringComparer.Ordinal))
        {
            if (Parse(text) is { } scope)
            {
                if (contexts(scope.Context) && bounds.Exists(bound => bound.Covers(scope)))
                {
                    kept.Add(text);
                }
            }
            else if (LooksLikeResources(text))
            {
                return null;
            }
            else if (ClientRules.IsContext(text) && client.Scopes.Contains(text))
            {
                kept.Add(text);
            }
        }

        return kept.ToImmutable();
    }

    /// <summary>What a person granted of what was offered; anything else is left out, whatever the page sent.</summary>
    public static ImmutableArray<string> Within(IEnumerable<string> granted, IEnumerable<string> offered)
    {
        var offers = offered.ToList();
        var bounds = offers.Select(SmartScope.Parse).OfType<SmartScope>().ToList();
        return
        [
            .. granted.Distinct(StringComparer.Ordinal)
                .Where(text => Parse(text) is { } scope ? bounds.Exists(bound => bound.Covers(scope)) : offers.Contains(text)),
        ];
    }

    /// <summary>A resource scope whose filter can be searched by; null for anything else.</summary>
    public static SmartScope? Parse(string text) => SmartScope.Parse(text) is { } scope && IsSearchable(scope) ? scope : null;

    private static bool LooksLikeResources(string text) => _prefixes.Any(prefix => text.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsSearchable(SmartScope scope) => scope.Filter is null
        || (scope.Type != "*" && scope.Filter.Split('&').All(part => part.Split('=', 2) is [var name, { Length: > 0 }]
            && SearchParameterCatalog.R4.Find(scope.Type, name) is not null));
}
