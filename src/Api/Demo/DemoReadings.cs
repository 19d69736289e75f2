using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;

namespace TeleFhir.Api.Demo;

/// <summary>
/// What the two patients measured at home in the last ninety days, every morning: blood pressure, heart rate, weight and oxygen
/// saturation, coded as the vital signs profiles and the PHD guide want it (https://hl7.org/fhir/R4/observation-vitalsigns.html).
/// </summary>
internal static class DemoReadings
{
    public const int Days = 90;

    public static IEnumerable<Resource> Build(DemoCalendar calendar)
    {
        // Amy's pressure comes down under treatment; Ben has a lung disease and gains a little weight.
        var amy = new Course(DemoPatients.Amy, DemoPatients.Cuff, Systolic: (151, 131), Diastolic: (94, 83), Pulse: (79, 72), Weight: (81.6, 78.9), Oxygen: 97.6);
        var ben = new Course(DemoPatients.Ben, Device: null, Systolic: (133, 136), Diastolic: (80, 82), Pulse: (70, 74), Weight: (92.0, 94.1), Oxygen: 94.2);
        return [.. Of(amy, calendar, seed: 1), .. Of(ben, calendar, seed: 2)];
    }

    /// <summary>The id of a patient's reading of one day.</summary>
    public static string Id(string patient, string measure, LocalDate day) =>
        string.Create(CultureInfo.InvariantCulture, $"{patient[(patient.IndexOf('/', StringComparison.Ordinal) + 1)..]}-{measure}-{day:yyyyMMdd}");

    private static IEnumerable<Observation> Of(Course course, DemoCalendar calendar, int seed)
    {
        // Seeded, so that everybody sees the same figures.
        var chance = new Random(seed);
        for (var number = 0; number < Days; number++)
        {
            // Up to yesterday: nothing lies in the future, whatever the time of day.
            var day = calendar.Today.PlusDays(number - Days);
            var taken = DemoCalendar.At(day, new LocalTime(7, chance.Next(5, 50), chance.Next(60)));
            double Value((double First, double Last) trend, double spread) =>
                trend.First + ((trend.Last - trend.First) * number / (Days - 1)) + ((chance.NextDouble() + chance.NextDouble() - 1) * spread);

            yield return BloodPressure(course, day, taken, Whole(Value(course.Systolic, 9)), Whole(Value(course.Diastolic, 6)));
            yield return Reading(
                course, "heart-rate", day, taken, course.Device,
                DemoTerms.Quantity(Whole(Value(course.Pulse, 6)), "beats/minute", "/min"),
                new Coding(DemoTerms.Loinc, "8867-4", "Heart rate"));
            yield return Reading(
                course, "weight", day, taken.AddMinutes(3), device: null,
                DemoTerms.Quantity(Math.Round((decimal)Value(course.Weight, 0.5), 1), "kg", "kg"),
                new Coding(DemoTerms.Loinc, "29463-7", "Body weight"), new Coding(DemoTerms.Mdc, "188736", "MDC_MASS_BODY_ACTUAL"));
            yield return Reading(
                course, "spo2", day, taken.AddMinutes(5), device: null,
                DemoTerms.Quantity(Math.Min(100, Whole(Value((course.Oxygen, course.Oxygen), 1.8))), "%", "%"),
                new Coding(DemoTerms.Loinc, "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
                new Coding(DemoTerms.Loinc, "2708-6", "Oxygen saturation in Arterial blood"),
                new Coding(DemoTerms.Mdc, "150456", "MDC_PULS_OXIM_SAT_O2"));
        }
    }

    /// <summary>Both panel codes: readers of the vital signs profile look for one, readers of the PHD guide for the other.</summary>
    private static Observation BloodPressure(Course course, LocalDate day, DateTimeOffset taken, decimal systolic, decimal diastolic)
    {
        var panel = Reading(
            course, "blood-pressure", day, taken, course.Device, value: null,
            new Coding(DemoTerms.Loinc, "85354-9", "Blood pressure panel with all children optional"),
            new Coding(DemoTerms.Loinc, "55284-4", "Blood pressure systolic and diastolic"),
            new Coding(DemoTerms.Mdc, "150020", "MDC_PRESS_BLD_NONINV"));
        panel.Component =
        [
            Component(systolic, new Coding(DemoTerms.Loinc, "8480-6", "Systolic blood pressure"), new Coding(DemoTerms.Mdc, "150021", "MDC_PRESS_BLD_NONINV_SYS")),
            Component(diastolic, new Coding(DemoTerms.Loinc, "8462-4", "Diastolic blood pressure"), new Coding(DemoTerms.Mdc, "150022", "MDC_PRESS_BLD_NONINV_DIA")),
        ];
        return panel;
    }

    private static Observation.ComponentComponent Component(decimal value, params Coding[] codes) =>
        new() { Code = new CodeableConcept { Coding = [.. codes] }, Value = DemoTerms.Quantity(value, "mmHg", "mm[Hg]") };

    private static Observation Reading(
        Course course, string measure, LocalDate day, DateTimeOffset taken, string? device, Quantity? value, params Coding[] codes)
    {
        return new Observation
        {
            Id = Id(course.Patient, measure, day),
            Status = ObservationStatus.Final,
            Category = [DemoTerms.Concept(DemoTerms.Hl7("observation-category", "vital-signs", "Vital Signs"))],
            Code = new CodeableConcept { Coding = [.. codes] },
            Subject = new ResourceReference(course.Patient),
            Effective = new FhirDateTime(DemoTerms.Instant(taken)),
            Issued = taken.AddSeconds(20),
            Performer = [new ResourceReference(course.Patient)],
            Value = value,
            Device = device is null ? null : new ResourceReference(device),
        };
    }

    private static decimal Whole(double value) => Math.Round((decimal)value);

    /// <summary>How the values of a patient go from the first day to the last.</summary>
    private sealed record Course(
        string Patient,
        string? Device,
        (double First, double Last) Systolic,
        (double First, double Last) Diastolic,
        (double First, double Last) Pulse,
        (double First, double Last) Weight,
        double Oxygen);
}
