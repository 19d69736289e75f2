namespace TeleFhir.Bench.Population;

/// <summary>
/// SplitMix64: random numbers that hang on a seed alone, so that the n-th resource is the same whoever makes it and in whatever order.
/// </summary>
internal struct Dice(ulong kind, long index)
{
    private ulong _state = (kind * 0xD1342543DE82EF95) ^ ((ulong)index * 0x9E3779B97F4A7C15);

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>From 0 up to but not including the limit.</summary>
    public int Below(int limit) => (int)(Fraction() * limit);

    /// <summary>From 0 up to but not including 1.</summary>
    public double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));
}
