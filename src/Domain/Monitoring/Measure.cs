using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>
/// Something that devices at home measure, by its codes in LOINC and in the nomenclature of IEEE 11073-10101, and the UCUM units that
/// its values may have (https://hl7.org/fhir/R4/observation-vitalsigns.html, https://hl7.org/fhir/uv/phd/).
/// </summary>
public sealed record Measure
{
    private const string Mdc = "urn:iso:std:iso:11073:10101";

    /// <summary>Grams of glucose in a mole.</summary>
    private const decimal MolarMassOfGlucose = 180.156m;

    private static readonly FrozenDictionary<(string System, string Code), Measure> _byCode;

    static Measure() => _byCode = All
        .SelectMany(measure => measure.Loinc.Select(code => (Code: (LoincSystem, code), Measure: measure))
            .Concat(measure.DeviceCodes.Select(code => (Code: (Mdc, code), Measure: measure))))
        .ToFrozenDictionary(pair => pair.Code, pair => pair.Measure);

    private Measure(string code, string name, ImmutableArray<string> units, ImmutableArray<string> loinc, ImmutableArray<string> deviceCodes) =>
        (Code, Name, Units, Loinc, DeviceCodes) = (code, name, units, loinc, deviceCodes);

    /// <summary>The system of LOINC codes.</summary>
    public const string LoincSystem = "http://loinc.org";

    /// <summary>All of them.</summary>
    public static ImmutableArray<Measure> All { get; } =
    [
        new("8480-6", "Systolic blood pressure", ["mm[Hg]"], ["8480-6"], ["150021"]),
        new("8462-4", "Diastolic blood pressure", ["mm[Hg]"], ["8462-4"], ["150022"]),
        new("8478-0", "Mean blood pressure", ["mm[Hg]"], ["8478-0"], ["150023"]),
        new("8867-4", "Heart rate", ["/min"], ["8867-4"], ["147842", "149530"]),
        new("40443-4", "Resting heart rate", ["/min"], ["40443-4"], []),
        new("8873-2", "Highest heart rate of a day", ["/min"], ["8873-2"], []),
        new("59408-5", "Oxygen saturation", ["%"], ["59408-5", "2708-6"], ["150456"]),
        new("29463-7", "Body weight", ["kg", "g", "[lb_av]"], ["29463-7"], ["188736"]),
        new("8310-5", "Body temperature", ["Cel", "[degF]"], ["8310-5"], ["150364"]),
        new("41653-7", "Glucose", ["mg/dL", "mmol/L"], ["41653-7", "2339-0", "15074-8"], []),
        new("41950-7", "Steps of a day", ["/d", "{steps}/d", "{steps}"], ["41950-7"], []),
        new("55423-8", "Steps", ["{steps}", "/d", "{steps}/d", "1"], ["55423-8"], []),
        new("41979-6", "Energy burnt in a day", ["kcal/d"], ["41979-6"], []),
        new("55411-3", "Time of exercise", ["min"], ["55411-3"], []),
        new("82290-8", "Exercise in a week", ["min/wk"], ["82290-8"], []),
        new("89555-7", "Days with exercise in a week", ["d/wk"], ["89555-7"], []),
        new("9279-1", "Respiratory rate", ["/min"], ["9279-1"], []),
        new("39156-5", "Body mass index", ["kg/m2"], ["39156-5"], []),
    ];

    /// <summary>The LOINC code that stands for it.</summary>
    public string Code { get; }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>UCUM codes of its units.</summary>
    public ImmutableArray<string> Units { get; }

    /// <summary>Its LOINC codes, <see cref="Code"/> first.</summary>
    public ImmutableArray<string> Loinc { get; }

    /// <summary>Its codes in what devices speak.</summary>
    public ImmutableArray<string> DeviceCodes { get; }

    /// <summary>The measure that a code names; null where it names none of them.</summary>
    public static Measure? Of(CodeableConcept? code)
    {
        foreach (var coding in code?.Coding ?? [])
        {
            if (coding is { System: { } system, Code: { } value } && _byCode.TryGetValue((system, value), out var measure))
            {
                return measure;
            }
        }

        return null;
    }

    /// <summary>Which units a value under this code may have: some LOINC codes of a measure tell the unit.</summary>
    public ImmutableArray<string> UnitsOf(CodeableConcept code) =>
        code.Coding.Exists(coding => coding is { System: LoincSystem, Code: "2339-0" }) ? ["mg/dL"]
        : code.Coding.Exists(coding => coding is { System: LoincSystem, Code: "15074-8" }) ? ["mmol/L"]
        : Units;

    /// <summary>
    /// A value in the base units of UCUM, to compare one with another; null where there is no value or no such conversion. Glucose by mass
    /// is converted to glucose by amount of substance.
    /// </summary>
    public (decimal Value, string Unit)? InBaseUnits(Quantity? quantity)
    {
        if (quantity is not { Value: { } value, Code: { } code } || quantity.System != BaseUnit.Ucum)
        {
            return null;
        }

        if (Code == "41653-7" && code == "mg/dL")
        {
            (value, code) = (value * 10 / MolarMassOfGlucose, "mmol/L");
        }

        return BaseUnit.Of(code) is { } unit
            ? unit.Convert(value) is { } converted ? (converted, unit.Symbol) : null
            : (value, code);
    }
}
