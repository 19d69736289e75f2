using System.Globalization;

namespace TeleFhir.Bench.Population;

/// <summary>A kind of Observation.</summary>
internal sealed record ObservationCode(string Code, string Display, string Category, string Unit, double Low, double High);

/// <summary>
/// The kinds of Observation: the blood-pressure panel, and 88 others whose frequencies fall like those of real records, a few being
/// asked for all the time and many rarely.
/// </summary>
internal static class Codes
{
    public static readonly ObservationCode Panel = new("85354-9", "Blood pressure panel with all children optional", "vital-signs", "mm[Hg]", 60, 180);

    private static readonly ObservationCode[] _known =
    [
        new("8867-4", "Heart rate", "vital-signs", "/min", 45, 120),
        new("9279-1", "Respiratory rate", "vital-signs", "/min", 10, 24),
        new("29463-7", "Body weight", "vital-signs", "kg", 40, 130),
        new("8302-2", "Body height", "vital-signs", "cm", 140, 200),
        new("39156-5", "Body mass index", "vital-signs", "kg/m2", 17, 40),
        new("72514-3", "Pain severity", "vital-signs", "{score}", 0, 10),
        new("2708-6", "Oxygen saturation in arterial blood", "vital-signs", "%", 85, 100),
        new("8310-5", "Body temperature", "vital-signs", "Cel", 36, 40),
        new("2339-0", "Glucose in blood", "laboratory", "mg/dL", 60, 250),
        new("4548-4", "Hemoglobin A1c in blood", "laboratory", "%", 4, 12),
        new("2093-3", "Cholesterol in serum or plasma", "laboratory", "mg/dL", 120, 300),
        new("2571-8", "Triglyceride in serum or plasma", "laboratory", "mg/dL", 50, 400),
        new("38483-4", "Creatinine in blood", "laboratory", "mg/dL", 0.5, 4),
        new("6299-2", "Urea nitrogen in blood", "laboratory", "mg/dL", 5, 40),
        new("718-7", "Hemoglobin in blood", "laboratory", "g/dL", 8, 18),
        new("777-3", "Platelets in blood", "laboratory", "10*3/uL", 100, 450),
    ];

    /// <summary>Most frequent first.</summary>
    public static readonly IReadOnlyList<ObservationCode> Others = [.. _known, .. Enumerable.Range(0, 72).Select(Made)];

    private static readonly double[] _shares = Shares();

    /// <summary>One of the others, as frequent as it is.</summary>
    public static ObservationCode At(double fraction)
    {
        var at = Array.BinarySearch(_shares, fraction);
        return Others[Math.Min(at < 0 ? ~at : at, Others.Count - 1)];
    }

    private static ObservationCode Made(int at) => new(
        string.Create(CultureInfo.InvariantCulture, $"{90000 + at}-{at % 10}"),
        string.Create(CultureInfo.InvariantCulture, $"Made-up observation number {at + 1}"),
        (at % 10) switch
        {
            < 6 => "laboratory",
            < 9 => "survey",
            _ => "social-history",
        },
        "{score}",
        0,
        100);

    private static double[] Shares()
    {
        var sum = 0.0;
        var running = Others.Select((_, rank) => sum += 1.0 / (rank + 3)).ToArray();
        return [.. running.Select(value => value / sum)];
    }
}
