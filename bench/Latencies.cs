using System.Diagnostics;

namespace TeleFhir.Bench;

/// <summary>Times of single calls.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];

    public int Count => _ticks.Count;

    public void Since(long start) => _ticks.Add(Stopwatch.GetTimestamp() - start);

    /// <summary>In microseconds.</summary>
    public double Percentile(double share)
    {
        _ticks.Sort();
        return _ticks[(int)((_ticks.Count - 1) * share)] * 1e6 / Stopwatch.Frequency;
    }
}
