using System.Collections.Frozen;
using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>How a type relates to patients.</summary>
public enum PatientRelation
{
    /// <summary>In the patient compartment through parameters of its own.</summary>
    Compartment,

    /// <summary>Of no patient: the people, places and definitions that everybody who may name the type may see.</summary>
    Reference,

    /// <summary>Neither: shown by patient only where it names one.</summary>
    Other,
}

/// <summary>
/// Which resources are whose: the patient compartment of R4 (https://hl7.org/fhir/R4/compartmentdefinition-patient.html). A patient is in
/// their own compartment by id alone; <c>Patient.link</c> opens no other record.
/// </summary>
public static class PatientCompartment
{
    private static readonly FrozenDictionary<string, ImmutableArray<string>> _parameters = Table(
        "Account: subject",
        "AdverseEvent: subject",
        "AllergyIntolerance: patient recorder asserter",
        "Appointment: actor",
        "AppointmentResponse: actor",
        "AuditEvent: patient",
        "Basic: patient author",
        "BodyStructure: patient",
        "CarePlan: patient performer",
        "CareTeam: patient participant",
        "ChargeItem: subject",
        "Claim: patient payee",
        "ClaimResponse: patient",
        "ClinicalImpression: subject",
        "Communication: subject sender recipient",
        "CommunicationRequest: subject sender recipient requester",
        "Composition: subject author attester",
        "Condition: patient asserter",
        "Consent: patient",
        "Coverage: policy-holder subscriber beneficiary payor",
        "CoverageEligibilityRequest: patient",
        "CoverageEligibilityResponse: patient",
        "DetectedIssue: patient",
        "DeviceRequest: subject performer",
        "DeviceUseStatement: subject",
        "DiagnosticReport: subject",
        "DocumentManifest: subject author recipient",
        "DocumentReference: subject author",
        "Encounter: patient",
        "EnrollmentRequest: subject",
        "EpisodeOfCare: patient",
        "ExplanationOfBenefit: patient payee",
        "FamilyMemberHistory: patient",
        "Flag: patient",
        "Goal: patient",
        "Group: member",
        "ImagingStudy: patient",
        "Immunization: patient",
        "ImmunizationEvaluation: patient",
        "ImmunizationRecommendation: patient",
        "Invoice: subject patient recipient",
        "List: subject source",
        "MeasureReport: patient",
        "Media: subject",
        "MedicationAdministration: patient performer subject",
        "MedicationDispense: subject patient receiver",
        "MedicationRequest: subject",
        "MedicationStatement: subject",
        "MolecularSequence: patient",
        "NutritionOrder: patient",
        "Observation: subject performer",
        "Patient: link",
        "Person: patient",
        "Procedure: patient performer",
        "Provenance: patient",
        "QuestionnaireResponse: subject author",
        "RelatedPerson: patient",
        "RequestGroup: subject participant",
        "ResearchSubject: individual",
        "RiskAssessment: subject",
        "Schedule: actor",
        "ServiceRequest: subject performer",
        "Specimen: subject",
        "SupplyDelivery: patient",
        "SupplyRequest: subject",
        "VisionPrescription: patient");

    private static readonly FrozenSet<string> _reference = new[]
    {
        "ActivityDefinition", "CapabilityStatement", "CatalogEntry", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition", "ConceptMap",
        "DeviceDefinition", "Endpoint", "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition", "HealthcareService",
        "ImplementationGuide", "InsurancePlan", "Library", "Location", "Measure", "Medication", "MedicationKnowledge", "MessageDefinition",
        "NamingSystem", "ObservationDefinition", "OperationDefinition", "Organization", "OrganizationAffiliation", "PlanDefinition", "Practitioner",
        "PractitionerRole", "Questionnaire", "ResearchDefinition", "ResearchElementDefinition", "Schedule", "SearchParameter", "Slot",
        "SpecimenDefinition", "StructureDefinition", "StructureMap", "Substance", "TerminologyCapabilities", "TestScript", "ValueSet",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>How a type relates to patients. Schedules are reference data although a patient could be an actor of one.</summary>
    public static PatientRelation RelationOf(string type) => _reference.Contains(type) ? PatientRelation.Reference
        : _parameters.ContainsKey(type) ? PatientRelation.Compartment
        : PatientRelation.Other;

    /// <summary>The types of the compartment, but not Patient itself, by name.</summary>
    public static ImmutableArray<string> Types { get; } = [.. _parameters.Keys.Where(type => type != "Patient").Order(StringComparer.Ordinal)];

    /// <summary>The search parameters through which a resource of the type is in a patient's compartment; none for a type outside it.</summary>
    public static ImmutableArray<string> ParametersOf(string type) => _parameters.GetValueOrDefault(type, []);

    private static FrozenDictionary<string, ImmutableArray<string>> Table(params string[] lines) => lines
        .Select(line => line.Split(": "))
        .Where(parts => ResourceCatalog.IsKnown(parts[0]))
        .ToFrozenDictionary(parts => parts[0], parts => parts[1].Split(' ').ToImmutableArray(), StringComparer.Ordinal);
}
