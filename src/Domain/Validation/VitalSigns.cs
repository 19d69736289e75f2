using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The vital signs profiles of R4 (https://hl7.org/fhir/R4/observation-vitalsigns.html) and of US Core. What they say of the time and of
/// missing values is in <see cref="ObservationRules"/>, which hold for all vital signs.
/// </summary>
internal static class VitalSigns
{
    private const string Loinc = "http://loinc.org";
    private const string Ucum = "http://unitsofmeasure.org";
    private const string Category = "http://terminology.hl7.org/CodeSystem/observation-category";

    private static readonly string[] _common = ["%", "cm", "[in_i]", "kg", "g", "[lb_av]", "Cel", "[degF]", "mm[Hg]", "/min", "kg/m2", "m2"];
    private static readonly string[] _length = ["cm", "[in_i]"];
    private static readonly string[] _weight = ["kg", "[lb_av]", "g"];
    private static readonly string[] _temperature = ["Cel", "[degF]"];

    private static readonly ProfileRule[] _vitalSigns =
    [
        Rule("category", "A vital sign has the category vital-signs.", one => one.Category.Exists(
            category => category.Coding.Exists(coding => coding is { System: Category, Code: "vital-signs" }))),
        Rule("subject", "A vital sign has a patient as its subject.", one => one.Subject is { } subject && MayBe(subject, one, "Patient")),
        Rule("effective", "A vital sign has a time or a period.", one => one.Effective is FhirDateTime or Period),
        Rule("component", $"The quantities of components are in units of {Ucum} that vital signs have.", one => one.Component.TrueForAll(
            component => component.Value is not Quantity quantity || IsIn(quantity, _common))),
    ];

    // Those of R4 say more of components than those of US Core.
    private static readonly ProfileRule[] _bloodPressure =
    [
        Code("85354-9"),
        Pressure("systolic", "8480-6"),
        Pressure("diastolic", "8462-4"),
    ];

    public static IEnumerable<Profile> Profiles { get; } =
    [
        Make("vitalsigns"),
        Make("vitalspanel", Code("85353-1"), NoValue(), Rule("hasMember", "The panel has members.", one => one.HasMember.Count > 0)),
        Make("resprate", Code("9279-1"), Value("/min")),
        Make("heartrate", Code("8867-4"), Value("/min")),
        Make("oxygensat", Code("2708-6"), Value("%")),
        Make("bodytemp", Code("8310-5"), Value(_temperature)),
        Make("bodyheight", Code("8302-2"), Value(_length)),
        Make("headcircum", Code("9843-4"), Value(_length)),
        Make("bodyweight", Code("29463-7"), Value(_weight)),
        Make("bmi", Code("39156-5"), Rule("value", "The body mass index is given in kg/m2.", one => one.Value is Quantity value && IsIn(value, ["kg/m2"]))),
        Make("bp", [.. _bloodPressure, NoValue()]),
    ];

    public static IEnumerable<Profile> UsCoreProfiles { get; } =
    [
        Make("us-core-vital-signs"),
        Make("us-core-respiratory-rate", Code("9279-1"), Value("/min")),
        Make("us-core-heart-rate", Code("8867-4"), Value("/min")),
        Make("us-core-body-temperature", Code("8310-5"), Value(_temperature)),
        Make("us-core-body-height", Code("8302-2"), Value(_length)),
        Make("us-core-body-weight", Code("29463-7"), Value(_weight)),
        Make("us-core-bmi", Code("39156-5"), Value("kg/m2")),
        Make("us-core-head-circumference", Code("9843-4"), Value(_length)),
        Make("us-core-pulse-oximetry", Code("59408-5"), Code("2708-6"), Value("%")),
        Make("us-core-blood-pressure", _bloodPressure),
    ];

    private static Profile Make(string name, params ProfileRule[] rules) => new(name, "Observation", [.. _vitalSigns, .. rules]);

    private static ProfileRule Rule(string element, string text, Func<Observation, bool> holds) => ProfileRule.Of(element, text, holds);

    private static ProfileRule Code(string code) => Rule("code", $"The LOINC code {code} is among the codings.", one => Has(one.Code, code));

    private static ProfileRule NoValue() => Rule("value", "The value is in the components or members alone.", one => one.Value is null);

    private static ProfileRule Value(params string[] units) => Rule(
        "value",
        $"The value is a quantity with a number, a unit and a code of {Ucum}: {string.Join(", ", units)}.",
        one => one.Value is null || (one.Value is Quantity quantity && IsIn(quantity, units)));

    private static ProfileRule Pressure(string name, string code) => Rule(
        "component",
        $"There is one {name} component ({code}), its value in mm[Hg].",
        one => one.Component.Where(component => Has(component.Code, code)).ToList() is [var only]
            && (only.Value is null || (only.Value is Quantity quantity && IsIn(quantity, ["mm[Hg]"]))));

    private static bool Has(CodeableConcept? concept, string code) =>
        concept?.Coding.Exists(coding => coding.System == Loinc && coding.Code == code) == true;

    private static bool IsIn(Quantity quantity, string[] units) =>
        quantity is { ValueElement: not null, UnitElement: not null, System: Ucum, Code: { } code } && units.Contains(code, StringComparer.Ordinal);

    /// <summary>Whether the reference may be to this type: it says so, or does not say to which.</summary>
    public static bool MayBe(ResourceReference reference, Resource resource, string type) =>
        ReferencedType.Of(reference, new(resource)) is var told && (told is null || told == type);
}
