using System.Collections.Frozen;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>One thing that a profile demands.</summary>
/// <param name="Element">The element that it is about.</param>
/// <param name="Text">What is demanded.</param>
/// <param name="Holds">Whether a resource of the profile's type has it.</param>
internal sealed record ProfileRule(string Element, string Text, Func<Resource, bool> Holds)
{
    public static ProfileRule Of<T>(string element, string text, Func<T, bool> holds)
        where T : Resource => new(element, text, resource => holds((T)resource));
}

/// <summary>A profile: what it demands beyond R4 and beyond what is only to be supported.</summary>
/// <param name="Name">The last part of its URL, with which the keys of its issues begin.</param>
/// <param name="Type">The type it is for.</param>
/// <param name="Rules">What it demands.</param>
internal sealed record Profile(string Name, string Type, IReadOnlyList<ProfileRule> Rules);

/// <summary>
/// The profiles that are known here. A resource that claims one in <c>meta.profile</c> keeps it
/// (https://hl7.org/fhir/R4/profiling.html#resources); one that claims another profile is taken at its word.
/// </summary>
internal static class ProfileRules
{
    private const string Base = "http://hl7.org/fhir/StructureDefinition/";
    private const string UsCore = "http://hl7.org/fhir/us/core/StructureDefinition/";

    private static readonly FrozenDictionary<string, Profile> _known = VitalSigns.Profiles.Select(profile => (Base, profile))
        .Concat(VitalSigns.UsCoreProfiles.Concat(UsCoreProfiles.All).Select(profile => (UsCore, profile)))
        .ToFrozenDictionary(entry => entry.Item1 + entry.profile.Name, entry => entry.profile, StringComparer.Ordinal);

    /// <summary>The URLs of the profiles that are checked.</summary>
    public static IEnumerable<string> Urls => _known.Keys.Order(StringComparer.Ordinal);

    /// <summary>Checks a resource by what it claims and by what is asked for.</summary>
    public static void Check(
        Resource resource, string place, IReadOnlyList<string> asked, bool withGuidelines, List<OperationOutcome.IssueComponent> broken)
    {
        var claimed = resource.Meta?.ProfileElement;
        if (claimed is not { Count: > 0 } && asked.Count == 0)
        {
            return;
        }

        foreach (var url in (claimed ?? []).Select(profile => profile.JsonValue).OfType<string>().Except(asked, StringComparer.Ordinal).ToList())
        {
            if (!Check(resource, place, url, broken) && withGuidelines)
            {
                var issue = FhirException.Issue(
                    OperationOutcome.IssueType.NotSupported, $"The profile {url} is not known here and was not checked.", $"{place}.meta.profile");
                issue.Severity = OperationOutcome.IssueSeverity.Warning;
                broken.Add(issue);
            }
        }

        foreach (var url in asked.Where(url => !Check(resource, place, url, broken)).ToList())
        {
            broken.Add(FhirException.Issue(OperationOutcome.IssueType.NotSupported, $"The profile {url} is not known here.", place));
        }
    }

    // False where the profile is not known.
    private static bool Check(Resource resource, string place, string canonical, List<OperationOutcome.IssueComponent> broken)
    {
        var url = canonical.Split('|')[0];
        if (url.StartsWith(Base, StringComparison.Ordinal) && url[Base.Length..] is var type && (ResourceCatalog.IsKnown(type) || type is "Resource" or "DomainResource"))
        {
            // The type's own definition: R4's rules, which hold anyway.
            CheckType(resource, place, type, type, broken);
            return true;
        }

        if (!_known.TryGetValue(url, out var profile))
        {
            return false;
        }

        if (CheckType(resource, place, profile.Name, profile.Type, broken))
        {
            broken.AddRange(profile.Rules.Where(rule => !rule.Holds(resource)).Select(rule => BrokenRule.Issue(
                $"{profile.Name}-{rule.Element}", rule.Text, $"{place}.{rule.Element}", OperationOutcome.IssueType.Invariant)));
        }

        return true;
    }

    private static bool CheckType(Resource resource, string place, string name, string type, List<OperationOutcome.IssueComponent> broken)
    {
        if (resource.TypeName == type || type == "Resource" || (type == "DomainResource" && resource is DomainResource))
        {
            return true;
        }

        broken.Add(BrokenRule.Issue($"{name}-type", $"The profile is for {type}.", place, OperationOutcome.IssueType.Invariant));
        return false;
    }
}
