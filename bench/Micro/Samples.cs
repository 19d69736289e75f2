using TeleFhir.Bench.Population;

namespace TeleFhir.Bench.Micro;

/// <summary>One resource of each kind that the town has.</summary>
internal static class Samples
{
    private static readonly Town _town = new(100_000);

    public static IReadOnlyList<string> Names { get; } = ["Observation", "Panel", "Encounter", "Appointment", "Patient"];

    public static Written Of(string name) => name switch
    {
        "Observation" => First(panel: false),
        "Panel" => First(panel: true),
        "Encounter" => _town.Encounter(1),
        "Appointment" => _town.Appointment(1),
        _ => Town.Patient(1),
    };

    /// <summary>A page of Observations as they are stored.</summary>
    public static IReadOnlyList<byte[]> Page(int count) => [.. Enumerable.Range(0, count).Select(at => _town.Observation(at).Json)];

    private static Written First(bool panel) =>
        _town.Observation(Enumerable.Range(0, 1000).First(at => _town.OfObservation(at).Code == Codes.Panel == panel));
}
