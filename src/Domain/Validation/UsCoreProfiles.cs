using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// US Core (http://hl7.org/fhir/us/core) as far as it demands that something be there: Patient, Encounter, the Observations that are no
/// vital signs, and the draft for Appointment. What is only to be supported where it is known is not demanded.
/// </summary>
internal static class UsCoreProfiles
{
    private const string ObservationCategory = "http://terminology.hl7.org/CodeSystem/observation-category";
    private const string AbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

    public static IEnumerable<Profile> All { get; } =
    [
        new("us-core-patient", "Patient",
        [
            ProfileRule.Of<Patient>("identifier", "A patient has an identifier; each has a system and a value.", patient =>
                patient.Identifier.Count > 0 && patient.Identifier.TrueForAll(one => one is { SystemElement: not null, ValueElement: not null })),
            ProfileRule.Of<Patient>("name", "A patient has a name; each has a family or a given name, or says why not.", patient =>
                patient.Name.Count > 0 && patient.Name.TrueForAll(one =>
                    one.FamilyElement is not null || one.GivenElement.Count > 0 || one.Extension.Exists(extension => extension.Url == AbsentReason))),
            ProfileRule.Of<Patient>("gender", "A patient has a gender.", patient => patient.GenderElement is not null),
            ProfileRule.Of<Patient>("telecom", "A telecom has a system and a value.", patient =>
                patient.Telecom.TrueForAll(one => one is { SystemElement: not null, ValueElement: not null })),
        ]),
        new("us-core-encounter", "Encounter",
        [
            ProfileRule.Of<Encounter>("type", "An encounter has a type.", encounter => encounter.Type.Count > 0),
            ProfileRule.Of<Encounter>("subject", "An encounter has a patient as its subject.", encounter =>
                encounter.Subject is { } subject && VitalSigns.MayBe(subject, encounter, "Patient")),
            ProfileRule.Of<Encounter>("identifier", "An identifier has a system and a value.", encounter =>
                encounter.Identifier.TrueForAll(one => one is { SystemElement: not null, ValueElement: not null })),
        ]),
        new("us-core-appointment", "Appointment",
        [
            ProfileRule.Of<Appointment>("participant", "An appointment has a patient among its participants.", appointment =>
                appointment.Participant.Exists(one => one.Actor is { } actor && VitalSigns.MayBe(actor, appointment, "Patient"))),
        ]),
        new("us-core-simple-observation", "Observation", [Categorized(), Subject()]),
        new("us-core-observation-lab", "Observation", [Category("laboratory"), Subject(), Time(), Result()]),
        new("us-core-observation-clinical-result", "Observation", [Categorized(), Subject(), Time(), Result()]),
        new("us-core-observation-screening-assessment", "Observation", [Category("survey"), Subject(), Time(), Result()]),
        new("us-core-smokingstatus", "Observation",
        [
            Category("social-history"),
            Subject(),
            ProfileRule.Of<Observation>("effective", "The smoking status has a time.", one => one.Effective is not null),
            ProfileRule.Of<Observation>("value", "The smoking status has a value.", one => one.Value is not null),
        ]),
    ];

    private static ProfileRule Categorized() => ProfileRule.Of<Observation>("category", "The observation has a category.", one => one.Category.Count > 0);

    private static ProfileRule Category(string code) => ProfileRule.Of<Observation>("category", $"The observation has the category {code}.", one =>
        one.Category.Exists(category => category.Coding.Exists(coding => coding.System == ObservationCategory && coding.Code == code)));

    private static ProfileRule Subject() => ProfileRule.Of<Observation>("subject", "The observation has a patient as its subject.", one =>
        one.Subject is { } subject && VitalSigns.MayBe(subject, one, "Patient"));

    // us-core-1
    private static ProfileRule Time() => ProfileRule.Of<Observation>("effective", "The time is known at least to the day.", one =>
        one.Effective is not FhirDateTime { Value: { Length: < 10 } });

    // us-core-2
    private static ProfileRule Result() => ProfileRule.Of<Observation>(
        "value",
        "An observation without components and members has a value or the reason why there is none.",
        one => one.Component.Count > 0 || one.HasMember.Count > 0 || one.Value is not null || one.DataAbsentReason is not null);
}
