using System.Collections.Frozen;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The invariants that nearly every write meets, in C#: FHIRPath takes microseconds where these take nanoseconds. Null means that
/// FHIRPath has to tell. A test holds them to FHIRPath's answers.
/// </summary>
internal static class HandWritten
{
    private static readonly FrozenDictionary<string, Func<Base, Surroundings, bool?>> _byKey = new Dictionary<string, Func<Base, Surroundings, bool?>>
    {
        ["dom-2"] = Of<DomainResource>(resource => resource.Contained.Count == 0
            || resource.Contained.TrueForAll(inner => inner is not DomainResource { Contained.Count: > 0 })),
        ["dom-3"] = Of<DomainResource>(resource => resource.Contained.Count == 0 || ContainedReferences.AreComplete(resource)),
        ["dom-4"] = Of<DomainResource>(resource => resource.Contained.Count == 0
            || resource.Contained.TrueForAll(inner => inner.Meta is not { VersionIdElement: not null } and not { LastUpdatedElement: not null })),
        ["dom-5"] = Of<DomainResource>(resource => resource.Contained.Count == 0
            || resource.Contained.TrueForAll(inner => inner.Meta is not { Security.Count: > 0 })),
        ["dom-6"] = Of<DomainResource>(resource => resource.Text?.DivElement is not null),
        ["ext-1"] = Of<Extension>(extension => extension.Extension.Count > 0 != extension.Value is not null),
        ["qty-3"] = Of<Quantity>(quantity => quantity.CodeElement is null || quantity.SystemElement is not null),
        ["per-1"] = Of<Period>(period => period is { Start: { } start, End: { } end } ? InOrder(start, end) : true),
        ["att-1"] = Of<Attachment>(attachment => attachment.DataElement is null || attachment.ContentTypeElement is not null),
        ["cpt-2"] = Of<ContactPoint>(contact => contact.ValueElement is null || contact.SystemElement is not null),
        ["rng-2"] = Of<Hl7.Fhir.Model.Range>(range => range.Low is null || range.High is null ? true : null),
        ["pat-1"] = Of<Patient.ContactComponent>(
            contact => contact.Name is not null || contact.Telecom.Count > 0 || contact.Address is not null || contact.Organization is not null),
        ["con-1"] = Of<Condition.StageComponent>(stage => stage.Summary is not null || stage.Assessment.Count > 0),
        ["con-2"] = Of<Condition.EvidenceComponent>(evidence => evidence.Code.Count > 0 || evidence.Detail.Count > 0),
        ["con-3"] = Of<Condition>(condition => condition.ClinicalStatus is not null ? true : null),
        ["con-4"] = Of<Condition>(condition => condition.Abatement is null ? true : null),
        ["con-5"] = Of<Condition>(condition => condition.ClinicalStatus is null || condition.VerificationStatus is null ? true : null),
        ["org-1"] = Of<Organization>(organization => organization.Identifier.Count > 0 || organization.NameElement is not null),
        ["prr-1"] = Of<ServiceRequest>(request => request.OrderDetail.Count == 0 || request.Code is not null),
        ["bdl-7"] = Of<Bundle>(bundle => bundle.Type == Bundle.BundleType.History || AreDistinct(bundle)),
        ["bdl-3"] = Of<Bundle>(bundle => bundle.Type is null ? null : bundle.Entry.TrueForAll(entry => entry.Request is not null
            == bundle.Type is Bundle.BundleType.Batch or Bundle.BundleType.Transaction or Bundle.BundleType.History)),
        ["bdl-4"] = Of<Bundle>(bundle => bundle.Type is null ? null : bundle.Entry.TrueForAll(entry => entry.Response is not null
            == bundle.Type is Bundle.BundleType.BatchResponse or Bundle.BundleType.TransactionResponse or Bundle.BundleType.History)),
        // These look at each element of a definition, and their FHIRPath for each of them at all again.
        ["sdf-8"] = (element, surroundings) => element is StructureDefinition.SnapshotComponent snapshot && surroundings.Resource is StructureDefinition definition
            ? ArePathsBelow(snapshot.Element, definition, isPrefix: false)
            : null,
        ["sdf-8a"] = (element, surroundings) => element is StructureDefinition.DifferentialComponent differential && surroundings.Resource is StructureDefinition definition
            ? ArePathsBelow(differential.Element, definition, isPrefix: true)
            : null,
        ["ig-1"] = Of<ImplementationGuide.DefinitionComponent>(guide => AreGrouped(guide)),

        // As published it asks for a System.Boolean, which no answer of a resource is.
        ["que-7"] = Of<Questionnaire.EnableWhenComponent>(
            when => when.Operator != Questionnaire.QuestionnaireItemOperator.Exists || when.Answer is FhirBoolean),
        ["tim-1"] = Of<Timing.RepeatComponent>(repeat => repeat.DurationElement is null || repeat.DurationUnitElement is not null),
        ["tim-2"] = Of<Timing.RepeatComponent>(repeat => repeat.PeriodElement is null || repeat.PeriodUnitElement is not null),
        ["tim-4"] = Of<Timing.RepeatComponent>(repeat => repeat.Duration is null or >= 0),
        ["tim-5"] = Of<Timing.RepeatComponent>(repeat => repeat.Period is null or >= 0),
        ["tim-6"] = Of<Timing.RepeatComponent>(repeat => repeat.PeriodMaxElement is null || repeat.PeriodElement is not null),
        ["tim-7"] = Of<Timing.RepeatComponent>(repeat => repeat.DurationMaxElement is null || repeat.DurationElement is not null),
        ["tim-8"] = Of<Timing.RepeatComponent>(repeat => repeat.CountMaxElement is null || repeat.CountElement is not null),
        ["tim-9"] = Of<Timing.RepeatComponent>(repeat => repeat.OffsetElement is null ? true : null),
        ["tim-10"] = Of<Timing.RepeatComponent>(repeat => repeat.TimeOfDayElement.Count == 0 || repeat.WhenElement.Count == 0),
        ["rat-1"] = Of<Ratio>(ratio => ratio is { Numerator: not null, Denominator: not null } ? true : null),
        ["csd-1"] = Of<CodeSystem>(codeSystem => CodesOf(codeSystem.Concept) is var codes && codes.Distinct(StringComparer.Ordinal).Count() == codes.Count),
        ["que-2"] = Of<Questionnaire>(questionnaire =>
            LinksOf(questionnaire.Item) is var links && links.Distinct(StringComparer.Ordinal).Count() == links.Count),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The invariant by hand, or null.</summary>
    public static Func<Base, Surroundings, bool?>? Find(string key, string expression) =>
        key == "ref-1" ? IsContained : expression == NameExpression ? null : _byKey.GetValueOrDefault(key);

    private const string NameExpression = "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')";

    private static Func<Base, Surroundings, bool?> Of<T>(Func<T, bool?> holds)
        where T : Base => (element, _) => element is T typed ? holds(typed) : null;

    private static bool? IsContained(Base element, Surroundings surroundings) =>
        element is not ResourceReference { Reference: ['#', _, ..] reference }
        || surroundings.ContainedType(reference[1..]) is not null;

    // Written alike they are of one precision, and their beginnings tell it; else whole ranges do. Where those touch, precision matters
    // and FHIRPath knows the rules.
    private static bool? InOrder(string start, string end) =>
        !DateRange.TryParse(start, out var first) || !DateRange.TryParse(end, out var last) ? null
        : start.Length == end.Length ? first.Low <= last.Low
        : first.High <= last.Low ? true
        : null;

    private static bool AreDistinct(Bundle bundle)
    {
        var seen = new HashSet<(string, string?)>();
        return bundle.Entry.TrueForAll(entry => entry.FullUrl is not { } url || seen.Add((url, entry.Resource?.Meta?.VersionId)));
    }

    private static bool AreGrouped(ImplementationGuide.DefinitionComponent guide)
    {
        var groups = guide.Grouping.Select(group => group.ElementId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return guide.Resource.TrueForAll(resource => resource.GroupingId is not { } id || groups.Contains(id));
    }

    // The first element is the type; in a differential it may be an element of it.
    private static bool ArePathsBelow(List<ElementDefinition> elements, StructureDefinition definition, bool isPrefix)
    {
        if (elements is not [{ Path: { } first }, ..] || definition.Type is not { } type)
        {
            return true;
        }

        var isOfType = definition.Kind == StructureDefinition.StructureDefinitionKind.Logical
            || (isPrefix ? first.StartsWith(type, StringComparison.Ordinal) : first == type);
        var below = (isPrefix ? first.Split('.')[0] : first) + ".";
        return isOfType && elements.Skip(1).All(element => element.Path?.StartsWith(below, StringComparison.Ordinal) != false);
    }

    private static List<string> CodesOf(List<CodeSystem.ConceptDefinitionComponent> concepts) =>
        [.. concepts.SelectMany(concept => CodesOf(concept.Concept).Append(concept.Code)).OfType<string>()];

    private static List<string> LinksOf(List<Questionnaire.ItemComponent> items) =>
        [.. items.SelectMany(item => LinksOf(item.Item).Append(item.LinkId)).OfType<string>()];
}
