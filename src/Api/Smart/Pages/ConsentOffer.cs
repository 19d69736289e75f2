using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>A part of a scope that may be granted in its place.</summary>
internal sealed record OfferedPart(string Scope, string Words);

/// <summary>A scope that was asked for, and the parts that may be granted in its place.</summary>
internal sealed record OfferedScope(string Scope, string Words, ImmutableArray<OfferedPart> Parts);

/// <summary>
/// What a person may grant of what an application asks: each scope or not, and parts by category where US Core names categories
/// (https://hl7.org/fhir/us/core/scopes.html). Nothing that was not offered can be granted.
/// </summary>
internal sealed record ConsentOffer(ImmutableArray<OfferedScope> Scopes)
{
    private const string Observation = "http://terminology.hl7.org/CodeSystem/observation-category";
    private const string Condition = "http://terminology.hl7.org/CodeSystem/condition-category";
    private const string CoreCondition = "http://hl7.org/fhir/us/core/CodeSystem/condition-category";
    private const string CoreCategory = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category";

    private static readonly (string Type, string System, string Code, string Words)[] _categories =
    [
        ("Condition", Condition, "encounter-diagnosis", "Diagnoses of visits"),
        ("Condition", Condition, "problem-list-item", "The problem list"),
        ("Condition", CoreCondition, "health-concern", "Health concerns"),
        ("Observation", CoreCategory, "clinical-test", "Clinical tests"),
        ("Observation", Observation, "laboratory", "Laboratory results"),
        ("Observation", Observation, "social-history", "Social history"),
        ("Observation", CoreCategory, "sdoh", "Social circumstances"),
        ("Observation", Observation, "survey", "Surveys and questionnaires"),
        ("Observation", Observation, "vital-signs", "Vital signs"),
    ];

    public static ConsentOffer Of(IEnumerable<string> asked) => new([.. asked.Select(scope => new OfferedScope(scope, ScopeWords.Of(scope), PartsOf(scope)))]);

    /// <summary>
    /// What the ticked boxes grant, in the order asked. A part takes the place of its whole; without a patient in context nothing of a
    /// patient is granted.
    /// </summary>
    public ImmutableArray<string> Granted(IReadOnlySet<string> ticked, bool hasPatient) =>
    [
        .. Scopes
            .SelectMany(offered => offered.Parts.Select(part => part.Scope).Where(ticked.Contains).ToList() is { Count: > 0 } parts
                ? parts
                : ticked.Contains(offered.Scope) ? [offered.Scope] : [])
            .Where(scope => hasPatient || !IsOfPatient(scope))
            .Distinct(),
    ];

    /// <summary>Whether the scope is about the patient in context.</summary>
    public static bool IsOfPatient(string scope) => scope == "launch/patient" || SmartScope.Parse(scope)?.Context == ScopeContext.Patient;

    private static ImmutableArray<OfferedPart> PartsOf(string scope)
    {
        if (SmartScope.Parse(scope) is not { Filter: null } whole)
        {
            return [];
        }

        var context = whole.Context == ScopeContext.Patient ? "patient" : "user";
        return
        [
            .. _categories.Where(category => category.Type == whole.Type).Select(category => new OfferedPart(
                $"{context}/{whole.Type}.{Letters(whole.Permissions)}?category={category.System}|{category.Code}", category.Words)),
        ];
    }

    private static string Letters(ScopePermissions permissions) =>
        string.Concat("cruds".Where((_, at) => permissions.HasFlag((ScopePermissions)(1 << at))));
}
