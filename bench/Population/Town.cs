using System.Globalization;
using System.Text;

namespace TeleFhir.Bench.Population;

/// <summary>A resource to be stored.</summary>
internal readonly record struct Written(string Type, string Id, byte[] Json);

/// <summary>
/// A town's records over ten years, made from numbers alone: 200 Observations, 20 Encounters and 10 Appointments per patient in the mean,
/// but some patients have many times more. A quarter of the Observations are blood-pressure panels of two codings and two components.
/// Resources come in the order of time, as they would arrive, so what belongs to one patient lies scattered.
/// </summary>
internal sealed class Town(int observations)
{
    public const string IdentifierSystem = "http://hospital.example.org/mrn";
    public const string Loinc = "http://loinc.org";
    private const int Window = 500;
    private static readonly DateTime _start = new(2016, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan _span = TimeSpan.FromDays(3650);
    private static readonly string[] _family = ["Smith", "Müller", "García", "Nowak", "Rossi", "Larsen", "Kowalski", "Dubois", "Okafor", "Tanaka"];
    private static readonly string[] _given = ["Anna", "Ben", "Clara", "David", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Liam"];

    private enum Kind : ulong
    {
        Patient = 1,
        Practitioner,
        Encounter,
        Appointment,
        Observation,
        Panel,
    }

    public int Observations { get; } = observations;

    public int Patients { get; } = Math.Max(50, observations / 200);

    public int Encounters { get; } = Math.Max(50, observations / 10);

    public int Appointments { get; } = Math.Max(50, observations / 20);

    public int Practitioners { get; } = Math.Max(10, observations / 10_000);

    public static string PatientId(int at) => Id(Kind.Patient, at);

    public static string Identifier(int patient) => string.Create(CultureInfo.InvariantCulture, $"MRN{patient:D8}");

    public static string ObservationId(int at) => Id(Kind.Observation, at);

    /// <summary>What an Observation is about: a patient, a kind, a time.</summary>
    public (int Patient, int Encounter, ObservationCode Code, DateTime When) OfObservation(int at)
    {
        var dice = new Dice((ulong)Kind.Observation, at);
        var encounter = Math.Clamp((int)((long)at * Encounters / Observations) + dice.Below(2 * Window) - Window, 0, Encounters - 1);
        var code = dice.Fraction() < 0.25 ? Codes.Panel : Codes.At(dice.Fraction());
        return (PatientOfEncounter(encounter), encounter, code, WhenOf(at, Observations, dice.Fraction()));
    }

    public (int Patient, int Practitioner, string Status, DateTime When) OfAppointment(int at)
    {
        var dice = new Dice((ulong)Kind.Appointment, at);
        var status = dice.Fraction() switch
        {
            < 0.6 => "fulfilled",
            < 0.85 => "booked",
            _ => "cancelled",
        };
        var when = WhenOf(at, Appointments, dice.Fraction());
        return (Skewed(dice.Fraction()), dice.Below(Practitioners), status, when.Date.AddHours(8).AddMinutes(15 * dice.Below(36)));
    }

    public static Written Patient(int at)
    {
        var dice = new Dice((ulong)Kind.Patient, at);
        var family = _family[dice.Below(_family.Length)];
        var given = _given[dice.Below(_given.Length)];
        var id = PatientId(at);
        return Of("Patient", id, $$$"""
            {"resourceType":"Patient","id":"{{{id}}}","identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"{{{IdentifierSystem}}}","value":"{{{Identifier(at)}}}"}],"active":true,"name":[{"use":"official","family":"{{{family}}}","given":["{{{given}}}","{{{_given[dice.Below(_given.Length)]}}}"]}],"telecom":[{"system":"phone","value":"+49-555-{{{dice.Below(10_000_000)}}}","use":"home"},{"system":"email","value":"{{{id}}}@mail.example.org"}],"gender":"{{{(dice.Below(2) == 0 ? "female" : "male")}}}","birthDate":"{{{1930 + dice.Below(90)}}}-{{{1 + dice.Below(12):D2}}}-{{{1 + dice.Below(28):D2}}}","address":[{"line":["{{{1 + dice.Below(200)}}} Station Street"],"city":"Springfield","postalCode":"{{{10000 + dice.Below(90000)}}}","country":"DE"}],"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"de"}]},"preferred":true}]}
            """);
    }

    public static Written Practitioner(int at)
    {
        var dice = new Dice((ulong)Kind.Practitioner, at);
        var id = Id(Kind.Practitioner, at);
        return Of("Practitioner", id, $$$"""
            {"resourceType":"Practitioner","id":"{{{id}}}","identifier":[{"system":"http://hospital.example.org/staff","value":"{{{at}}}"}],"active":true,"name":[{"family":"{{{_family[dice.Below(_family.Length)]}}}","given":["{{{_given[dice.Below(_given.Length)]}}}"],"prefix":["Dr."]}]}
            """);
    }

    public Written Encounter(int at)
    {
        var dice = new Dice((ulong)Kind.Encounter, at);
        var id = Id(Kind.Encounter, at);
        var when = WhenOf(at, Encounters, 0.5);
        return Of("Encounter", id, $$$"""
            {"resourceType":"Encounter","id":"{{{id}}}","status":"{{{(dice.Fraction() < 0.95 ? "finished" : "in-progress")}}}","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{{(dice.Below(3) == 0 ? "VR" : "AMB")}}}"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up"}],"text":"Encounter for check up"}],"subject":{"reference":"Patient/{{{PatientId(PatientOfEncounter(at))}}}"},"participant":[{"individual":{"reference":"Practitioner/{{{Id(Kind.Practitioner, dice.Below(Practitioners))}}}"}}],"period":{"start":"{{{Time(when)}}}","end":"{{{Time(when.AddMinutes(30))}}}"},"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"{{{38341000 + dice.Below(40)}}}"}]}]}
            """);
    }

    public Written Appointment(int at)
    {
        var (patient, practitioner, status, when) = OfAppointment(at);
        var id = Id(Kind.Appointment, at);
        return Of("Appointment", id, $$$"""
            {"resourceType":"Appointment","id":"{{{id}}}","status":"{{{status}}}","serviceType":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-type","code":"124","display":"General Practice"}]}],"description":"Follow-up by video","start":"{{{Time(when)}}}","end":"{{{Time(when.AddMinutes(15))}}}","minutesDuration":15,"participant":[{"actor":{"reference":"Patient/{{{PatientId(patient)}}}"},"required":"required","status":"accepted"},{"actor":{"reference":"Practitioner/{{{Id(Kind.Practitioner, practitioner)}}}"},"required":"required","status":"accepted"}]}
            """);
    }

    public Written Observation(int at)
    {
        var (patient, encounter, code, when) = OfObservation(at);
        var id = ObservationId(at);
        var dice = new Dice((ulong)Kind.Panel, at);
        var head = $$$"""
            {"resourceType":"Observation","id":"{{{id}}}","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{{{code.Category}}}","display":"{{{code.Category}}}"}]}],
            """;
        var about = $$$"""
            "subject":{"reference":"Patient/{{{PatientId(patient)}}}"},"encounter":{"reference":"Encounter/{{{Id(Kind.Encounter, encounter)}}}"},"effectiveDateTime":"{{{Time(when)}}}","issued":"{{{Time(when.AddSeconds(1))}}}",
            """;
        return Of("Observation", id, code == Codes.Panel
            ? $$$"""
                {{{head}}}"code":{"coding":[{"system":"{{{Loinc}}}","code":"{{{code.Code}}}","display":"{{{code.Display}}}"},{"system":"{{{Loinc}}}","code":"55284-4","display":"Blood pressure systolic and diastolic"}],"text":"Blood pressure"},{{{about}}}"component":[{{{Component("8480-6", "Systolic blood pressure", 90 + dice.Below(90))}}},{{{Component("8462-4", "Diastolic blood pressure", 50 + dice.Below(60))}}}],"performer":[{"reference":"Practitioner/{{{Id(Kind.Practitioner, dice.Below(Practitioners))}}}","display":"Nurse on duty"}],"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}],"text":"Normal"}],"bodySite":{"coding":[{"system":"http://snomed.info/sct","code":"368209003","display":"Right upper arm"}]}}
                """
            : $$$"""
                {{{head}}}"code":{"coding":[{"system":"{{{Loinc}}}","code":"{{{code.Code}}}","display":"{{{code.Display}}}"}],"text":"{{{code.Display}}}"},{{{about}}}{{{Value(code, dice)}}}}
                """);
    }

    private static string Value(ObservationCode code, Dice dice) => code.Category is "survey" or "social-history"
        ? $$$"""
            "valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"{{{266919000 + dice.Below(8)}}}","display":"A finding"}],"text":"A finding"}
            """
        : $$$"""
            "valueQuantity":{"value":{{{Number(code.Low + ((code.High - code.Low) * dice.Fraction()))}}},"unit":"{{{code.Unit}}}","system":"http://unitsofmeasure.org","code":"{{{code.Unit}}}"}
            """;

    private static string Component(string code, string display, int value) => $$$"""
        {"code":{"coding":[{"system":"{{{Loinc}}}","code":"{{{code}}}","display":"{{{display}}}"}],"text":"{{{display}}}"},"valueQuantity":{"value":{{{value}}},"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}
        """;

    private static string Id(Kind kind, int at)
    {
        var dice = new Dice((ulong)kind * 31, at);
        return string.Create(CultureInfo.InvariantCulture, $"{dice.Next():x16}{dice.Next() & 0xFFFFFFFF:x8}-{at:x}");
    }

    private static Written Of(string type, string id, string json) => new(type, id, Encoding.UTF8.GetBytes(json));

    private static string Time(DateTime when) => when.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static DateTime WhenOf(int at, int of, double jitter) =>
        _start.AddSeconds(Math.Floor(_span.TotalSeconds * (at + jitter) / of));

    private int PatientOfEncounter(int at) => Skewed(new Dice((ulong)Kind.Encounter * 17, at).Fraction());

    /// <summary>Of a thousand patients the first has some ten times the mean, the last two thirds of it.</summary>
    private int Skewed(double fraction) => Math.Min((int)(Patients * Math.Pow(fraction, 1.5)), Patients - 1);
}
