using System.Text.RegularExpressions;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Scopes in plain English.</summary>
internal static partial class ScopeWords
{
    public static string Of(string scope) => scope switch
    {
        "openid" => "Know who you are on this server",
        "fhirUser" or "profile" => "See your own entry: your name and contact details",
        "launch" => "Know in which context it was opened",
        "launch/patient" => "Know which patient you have chosen",
        "launch/encounter" => "Know which visit you have chosen",
        "online_access" => "Go on working while you are signed in here",
        "offline_access" => "Go on working when you are away, until you take it back",
        _ => SmartScope.Parse(scope) is { } resource ? Of(resource) : scope,
    };

    private static string Of(SmartScope scope)
    {
        var whose = scope.Context == ScopeContext.Patient ? "of this patient" : "of everyone whose records you may see";
        var what = scope.Type == "*" ? "All records" : Plural(scope.Type);
        var narrowed = scope.Filter is { } filter ? $", only where {Uri.UnescapeDataString(filter)}" : "";
        return $"{what} {whose}{narrowed}: {Actions(scope.Permissions)}";
    }

    private static string Actions(ScopePermissions permissions)
    {
        (ScopePermissions Permission, string Word)[] words =
        [
            (ScopePermissions.Read, "read"), (ScopePermissions.Search, "search"), (ScopePermissions.Create, "add"),
            (ScopePermissions.Update, "change"), (ScopePermissions.Delete, "delete"),
        ];
        return string.Join(", ", words.Where(word => permissions.HasFlag(word.Permission)).Select(word => word.Word));
    }

    private static string Plural(string type)
    {
        var words = CaseBoundary().Replace(type, " ").ToLowerInvariant();
        words = char.ToUpperInvariant(words[0]) + words[1..];
        return words switch
        {
            [.., 'y'] when words[^2] is not ('a' or 'e' or 'o') => $"{words[..^1]}ies",
            [.., 's'] when words.EndsWith("sis", StringComparison.Ordinal) => $"{words[..^2]}es",
            [.., 's'] => words,
            _ => $"{words}s",
        };
    }

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex CaseBoundary();
}
