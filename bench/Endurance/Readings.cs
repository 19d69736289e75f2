using System.Collections.Concurrent;
using System.Globalization;
using TeleFhir.Bench.Population;

namespace TeleFhir.Bench.Endurance;

/// <summary>A reading that is sent: under its name it must be stored once.</summary>
internal sealed record Sent(string Name, string Json);

/// <summary>Heart rates of many patients, of which one in fifty is a breach of any limit.</summary>
internal sealed class Readings(int patients)
{
    private const int BreachEvery = 50;

    private int _next;
    private int _retries;

    /// <summary>When each was acknowledged first.</summary>
    public ConcurrentDictionary<string, long> Acknowledged { get; } = new(StringComparer.Ordinal);

    public int Retries => _retries;

    public void CountRetry() => Interlocked.Increment(ref _retries);

    public static bool IsBreach(string name) => int.Parse(name, CultureInfo.InvariantCulture) % BreachEvery == 0;

    public IReadOnlyList<Sent> Next(int count) => [.. Enumerable.Range(0, count).Select(_ => One(_next++))];

    private Sent One(int number)
    {
        var name = number.ToString(CultureInfo.InvariantCulture);

        var patient = new Dice(31, number).Below(patients);
        var value = IsBreach(name) ? 190 : 60 + (number % 30);
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture);
        return new(name, $$$"""
            {"resourceType":"Observation","identifier":[{"system":"urn:bench:endurance","value":"{{{name}}}"}],"status":"final",
             "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
             "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/bench-{{{patient}}}"},"device":{"reference":"Device/bench-{{{patient}}}"},
             "effectiveDateTime":"{{{time}}}","valueQuantity":{"value":{{{value}}},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}
            """);
    }
}
