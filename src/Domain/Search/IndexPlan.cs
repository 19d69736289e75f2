using System.Collections.Frozen;

namespace TeleFhir.Domain.Search;

/// <summary>
/// What is decided about single parameters, as data. All else about the index follows from the published definitions.
/// </summary>
internal static class IndexPlan
{
    private const string Date = "date";

    // The date that a clinician would put a resource under, for the types that have no parameter "date". A type in neither place
    // (Patient, Coverage, Location...) has no time of its own.
    private static readonly FrozenDictionary<string, string> _timelines = new Dictionary<string, string>
    {
        ["Account"] = "period",
        ["Basic"] = "created",
        ["Bundle"] = "timestamp",
        ["ChargeItem"] = "occurrence",
        ["Claim"] = "created",
        ["ClaimResponse"] = "created",
        ["Communication"] = "sent",
        ["CommunicationRequest"] = "authored",
        ["Condition"] = "recorded-date",
        ["Contract"] = "issued",
        ["CoverageEligibilityRequest"] = "created",
        ["CoverageEligibilityResponse"] = "created",
        ["DetectedIssue"] = "identified",
        ["DeviceRequest"] = "authored-on",
        ["DocumentManifest"] = "created",
        ["ExplanationOfBenefit"] = "created",
        ["Goal"] = "start-date",
        ["ImagingStudy"] = "started",
        ["Media"] = "created",
        ["MedicationAdministration"] = "effective-time",
        ["MedicationDispense"] = "whenhandedover",
        ["MedicationRequest"] = "authoredon",
        ["MedicationStatement"] = "effective",
        ["NutritionOrder"] = "datetime",
        ["PaymentNotice"] = "created",
        ["PaymentReconciliation"] = "created",
        ["Provenance"] = "recorded",
        ["QuestionnaireResponse"] = "authored",
        ["RequestGroup"] = "authored",
        ["ServiceRequest"] = "authored",
        ["Slot"] = "start",
        ["Specimen"] = "collected",
        ["Task"] = "authored-on",
        ["TestReport"] = "issued",
        ["VisionPrescription"] = "datewritten",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Chart questions: "this patient's X of that kind, newest first". Each entry costs one more ordered index entry per row on every
    // write, so only what a chart is leafed through by is here.
    private static readonly FrozenSet<string> _byPatient = new[]
    {
        "AllergyIntolerance.code",
        "CarePlan.category",
        "Condition.category",
        "Condition.code",
        "DiagnosticReport.category",
        "DiagnosticReport.code",
        "DocumentReference.category",
        "DocumentReference.type",
        "Immunization.vaccine-code",
        "MedicationRequest.code",
        "Observation.category",
        "Observation.code",
        "Procedure.category",
        "Procedure.code",
        "ServiceRequest.category",
        "ServiceRequest.code",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>
    /// Whether what codes are called is indexed beside the codes. There is an AuditEvent for every request: such rows would be half of all that is
    /// stored, and nobody looks for an access by the words for its code.
    /// </summary>
    public static bool HasNames(string type) => type != "AuditEvent";

    /// <summary>Parameters named in <see cref="_byPatient"/>, for the test that each exists.</summary>
    public static IEnumerable<string> ByPatient => _byPatient;

    /// <summary>Types and their timelines, for the test that each exists.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Timelines => _timelines;

    /// <summary>The code of the parameter that gives a resource of the type its place in time, should the type have it.</summary>
    public static string TimelineOf(string resourceType) => _timelines.GetValueOrDefault(resourceType, Date);

    /// <summary>Whether rows are also ordered under the patient.</summary>
    public static bool IsByPatient(string resourceType, string code) => _byPatient.Contains($"{resourceType}.{code}");
}
