using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>One scope on the consent page, in words for people, and the narrower ones that may be chosen instead.</summary>
internal sealed record ScopeChoice(string Id, string Scope, string Text)
{
    private const string Conditions = "http://terminology.hl7.org/CodeSystem/condition-category|";
    private const string UsConditions = "http://hl7.org/fhir/us/core/CodeSystem/condition-category|";
    private const string Observations = "http://terminology.hl7.org/CodeSystem/observation-category|";
    private const string UsCategory = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category|";

    private static readonly (string Type, string Category, string Text)[] _parts =
    [
        ("Condition", Conditions + "encounter-diagnosis", "Diagnoses of visits"),
        ("Condition", Conditions + "problem-list-item", "The problem list"),
        ("Condition", UsConditions + "health-concern", "Health concerns"),
        ("Observation", UsCategory + "clinical-test", "Clinical tests"),
        ("Observation", Observations + "laboratory", "Laboratory results"),
        ("Observation", Observations + "social-history", "Social history"),
        ("Observation", UsCategory + "sdoh", "Social determinants of health"),
        ("Observation", Observations + "survey", "Surveys"),
        ("Observation", Observations + "vital-signs", "Vital signs and home readings"),
    ];

    public ImmutableArray<ScopeChoice> Narrower { get; init; } = [];

    public static ImmutableArray<ScopeChoice> Of(ImmutableArray<string> scopes) =>
        [.. scopes.Select((scope, at) => new ScopeChoice($"scope-{at}", scope, TextOf(scope)) { Narrower = PartsOf(scope, at) })];

    /// <summary>What was ticked: where a part of a type was chosen, the whole of it is not granted.</summary>
    public static ImmutableArray<string> Granted(IEnumerable<string> ticked)
    {
        var all = ticked.Distinct().ToList();
        var narrowed = all.Select(SmartScope.Parse).OfType<SmartScope>().Where(scope => scope.Filter is not null).ToList();
        return
        [
            .. all.Where(word => SmartScope.Parse(word) is not { Filter: null } whole
                || !narrowed.Exists(part => part.Context == whole.Context && part.Type == whole.Type)),
        ];
    }

    private static ImmutableArray<ScopeChoice> PartsOf(string word, int at)
    {
        if (SmartScope.Parse(word) is not { Filter: null } scope)
        {
            return [];
        }

        var letters = Letters(scope.Permissions);
        return
        [
            .. _parts.Where(part => part.Type == scope.Type)
                .Select((part, number) => new ScopeChoice(
                    $"scope-{at}-{number}", $"{Context(scope.Context)}/{scope.Type}.{letters}?category={part.Category}", part.Text)),
        ];
    }

    private static string TextOf(string word) => word switch
    {
        "openid" or "profile" => "Know who you are",
        "fhirUser" => "Know your entry in the directory",
        "offline_access" => "Keep its access when you are not here, until you take it back",
        "online_access" => "Keep its access while you are signed in",
        "launch" => "Learn which patient and visit are open here",
        "launch/patient" => "Learn which patient it is about",
        "launch/encounter" => "Learn which visit it is about",
        _ => SmartScope.Parse(word) is { } scope ? TextOf(scope) : word,
    };

    private static string TextOf(SmartScope scope)
    {
        var verbs = string.Join(", ", Verbs(scope.Permissions));
        var what = scope.Type == "*" ? "everything" : $"{scope.Type} entries";
        var whose = scope.Context == ScopeContext.Patient ? "of this record" : "that you may see";
        var only = scope.Filter is { } filter ? $", only those with {Uri.UnescapeDataString(filter)}" : "";
        return $"{char.ToUpperInvariant(verbs[0])}{verbs[1..]} {what} {whose}{only}";
    }

    private static IEnumerable<string> Verbs(ScopePermissions permissions)
    {
        if ((permissions & (ScopePermissions.Read | ScopePermissions.Search)) != 0)
        {
            yield return "see";
        }

        if ((permissions & ScopePermissions.Create) != 0)
        {
            yield return "add";
        }

        if ((permissions & ScopePermissions.Update) != 0)
        {
            yield return "change";
        }

        if ((permissions & ScopePermissions.Delete) != 0)
        {
            yield return "delete";
        }
    }

    private static string Letters(ScopePermissions permissions) => string.Concat(
        permissions.HasFlag(ScopePermissions.Create) ? "c" : "",
        permissions.HasFlag(ScopePermissions.Read) ? "r" : "",
        permissions.HasFlag(ScopePermissions.Update) ? "u" : "",
        permissions.HasFlag(ScopePermissions.Delete) ? "d" : "",
        permissions.HasFlag(ScopePermissions.Search) ? "s" : "");

    private static string Context(ScopeContext context) => context == ScopeContext.Patient ? "patient" : "user";
}
