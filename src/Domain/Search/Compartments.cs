using System.Collections.Frozen;
using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>The resource is the target, or refers to it through one of the rows.</summary>
/// <param name="Sources">The rows of references.</param>
/// <param name="Target">What they name.</param>
public sealed record RefersToCriterion(ImmutableArray<IndexSource> Sources, ResourceKey Target) : Criterion;

/// <summary>
/// The compartments of R4 as a search goes through them, <c>Patient/x/Observation</c> (https://hl7.org/fhir/R4/compartmentdefinition.html).
/// What a caller may see of them is decided elsewhere (<see cref="Visibility"/>).
/// </summary>
public static class Compartments
{
    private const string Patient = "Patient";

    private static readonly FrozenDictionary<string, FrozenDictionary<string, ImmutableArray<string>>> _others = new Dictionary<string, FrozenDictionary<string, ImmutableArray<string>>>
    {
        ["Device"] = Table(
            "Account: subject",
            "Appointment: actor",
            "AppointmentResponse: actor",
            "AuditEvent: agent",
            "ChargeItem: enterer performer-actor",
            "Claim: procedure-udi item-udi detail-udi subdetail-udi",
            "Communication: sender recipient",
            "CommunicationRequest: sender recipient",
            "Composition: author",
            "DetectedIssue: author",
            "DeviceRequest: device subject requester performer",
            "DeviceUseStatement: device",
            "DiagnosticReport: subject",
            "DocumentManifest: subject author",
            "DocumentReference: subject author",
            "ExplanationOfBenefit: procedure-udi item-udi detail-udi subdetail-udi",
            "Flag: author",
            "Group: member",
            "Invoice: participant",
            "List: subject source",
            "Media: subject",
            "MedicationAdministration: device",
            "MessageHeader: target",
            "Observation: subject device",
            "Provenance: agent",
            "QuestionnaireResponse: author",
            "RequestGroup: author",
            "RiskAssessment: performer",
            "Schedule: actor",
            "ServiceRequest: performer requester",
            "Specimen: subject",
            "SupplyRequest: requester"),
        ["Encounter"] = Table(
            "CarePlan: encounter",
            "CareTeam: encounter",
            "ChargeItem: context",
            "Claim: encounter",
            "ClinicalImpression: encounter",
            "Communication: encounter",
            "CommunicationRequest: encounter",
            "Composition: encounter",
            "Condition: encounter",
            "DeviceRequest: encounter",
            "DiagnosticReport: encounter",
            "DocumentManifest: related-ref",
            "DocumentReference: encounter",
            "ExplanationOfBenefit: encounter",
            "Media: encounter",
            "MedicationAdministration: context",
            "MedicationRequest: encounter",
            "NutritionOrder: encounter",
            "Observation: encounter",
            "Procedure: encounter",
            "QuestionnaireResponse: encounter",
            "RequestGroup: encounter",
            "ServiceRequest: encounter",
            "VisionPrescription: encounter"),
        ["Practitioner"] = Table(
            "Account: subject",
            "AdverseEvent: recorder",
            "AllergyIntolerance: recorder asserter",
            "Appointment: actor",
            "AppointmentResponse: actor",
            "AuditEvent: agent",
            "Basic: author",
            "CarePlan: performer",
            "CareTeam: participant",
            "ChargeItem: enterer performer-actor",
            "Claim: enterer provider payee care-team",
            "ClaimResponse: requestor",
            "ClinicalImpression: assessor",
            "Communication: sender recipient",
            "CommunicationRequest: sender recipient requester",
            "Composition: subject author attester",
            "Condition: asserter",
            "CoverageEligibilityRequest: enterer provider",
            "CoverageEligibilityResponse: requestor",
            "DetectedIssue: author",
            "DeviceRequest: requester performer",
            "DiagnosticReport: performer",
            "DocumentManifest: subject author recipient",
            "DocumentReference: subject author authenticator",
            "Encounter: practitioner participant",
            "EpisodeOfCare: care-manager",
            "ExplanationOfBenefit: enterer provider payee care-team",
            "Flag: author",
            "Group: member",
            "Immunization: performer",
            "Invoice: participant",
            "Linkage: author",
            "List: source",
            "Media: subject operator",
            "MedicationAdministration: performer",
            "MedicationDispense: performer receiver",
            "MedicationRequest: requester",
            "MedicationStatement: source",
            "MessageHeader: receiver author responsible enterer",
            "NutritionOrder: provider",
            "Observation: performer",
            "Patient: general-practitioner",
            "PaymentNotice: provider",
            "PaymentReconciliation: requestor",
            "Person: practitioner",
            "PractitionerRole: practitioner",
            "Procedure: performer",
            "Provenance: agent",
            "QuestionnaireResponse: author source",
            "RequestGroup: participant author",
            "ResearchStudy: principalinvestigator",
            "RiskAssessment: performer",
            "Schedule: actor",
            "ServiceRequest: performer requester",
            "Specimen: collector",
            "SupplyDelivery: supplier receiver",
            "SupplyRequest: requester",
            "VisionPrescription: prescriber"),
        ["RelatedPerson"] = Table(
            "AdverseEvent: recorder",
            "AllergyIntolerance: asserter",
            "Appointment: actor",
            "AppointmentResponse: actor",
            "Basic: author",
            "CarePlan: performer",
            "CareTeam: participant",
            "ChargeItem: enterer performer-actor",
            "Claim: payee",
            "Communication: sender recipient",
            "CommunicationRequest: sender recipient requester",
            "Composition: author",
            "Condition: asserter",
            "Coverage: policy-holder subscriber payor",
            "DocumentManifest: author recipient",
            "DocumentReference: author",
            "Encounter: participant",
            "ExplanationOfBenefit: payee",
            "Invoice: recipient",
            "MedicationAdministration: performer",
            "MedicationStatement: source",
            "Observation: performer",
            "Patient: link",
            "Person: link",
            "Procedure: performer",
            "Provenance: agent",
            "QuestionnaireResponse: author source",
            "RequestGroup: participant",
            "Schedule: actor",
            "ServiceRequest: performer",
            "SupplyRequest: requester"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a type has compartments.</summary>
    public static bool IsKnown(string type) => type == Patient || _others.ContainsKey(type);

    /// <summary>The types that can be in a compartment, the owner's own among them, in alphabetical order.</summary>
    public static ImmutableArray<string> MembersOf(string compartment) =>
        [.. ResourceCatalog.Types.Where(type => type == compartment || !ParametersOf(compartment, type).IsEmpty)];

    /// <summary>What resources of the type must satisfy to be in the compartment; <see cref="AnyCriterion.Nothing"/> where none can.</summary>
    public static Criterion CriterionOf(SearchParameterCatalog catalog, ResourceKey owner, string type)
    {
        ImmutableArray<IndexSource> sources =
        [
            .. ParametersOf(owner.Type, type).Select(code => catalog.Find(type, code)!).SelectMany(parameter => parameter.Sources).Distinct(),
        ];
        Criterion? refers = sources.IsEmpty ? null : new RefersToCriterion(sources, owner);
        if (type != owner.Type)
        {
            return refers ?? AnyCriterion.Nothing;
        }

        var itself = new ValueCriterion(catalog.Find(type, "_id")!, SearchModifier.None, [new TokenSearchValue(null, owner.Id)]);
        return refers is null ? itself : new AnyCriterion([itself, refers]);
    }

    /// <summary>The parameters through which a resource of the type is in such a compartment.</summary>
    public static ImmutableArray<string> ParametersOf(string compartment, string type) => compartment == Patient
        ? PatientCompartment.ParametersOf(type)
        : _others.TryGetValue(compartment, out var members) ? members.GetValueOrDefault(type, []) : [];

    private static FrozenDictionary<string, ImmutableArray<string>> Table(params string[] lines) => lines
        .Select(line => line.Split(": "))
        .ToFrozenDictionary(parts => parts[0], parts => parts[1].Split(' ').ToImmutableArray(), StringComparer.Ordinal);
}
