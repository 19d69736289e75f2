using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// Algebra of half-open intervals <c>[start, end)</c>: what touches does not overlap, and what has no length covers nothing. Bounds are
/// finite.
/// </summary>
public static class Intervals
{
    /// <summary>Whether two have a moment in common.</summary>
    public static bool Overlaps(this Interval one, Interval other) =>
        one.Start < other.End && other.Start < one.End && one.Duration > NodaTime.Duration.Zero && other.Duration > NodaTime.Duration.Zero;

    /// <summary>Whether the whole of the other lies within.</summary>
    public static bool Covers(this Interval one, Interval other) => one.Start <= other.Start && other.End <= one.End;

    /// <summary>The same moments in as few intervals as possible, in order.</summary>
    public static IReadOnlyList<Interval> Merge(IEnumerable<Interval> intervals)
    {
        var merged = new List<Interval>();
        foreach (var next in intervals.Where(one => one.Duration > NodaTime.Duration.Zero).OrderBy(one => one.Start))
        {
            if (merged.Count > 0 && next.Start <= merged[^1].End)
            {
                merged[^1] = new Interval(merged[^1].Start, Instant.Max(merged[^1].End, next.End));
            }
            else
            {
                merged.Add(next);
            }
        }

        return merged;
    }

    /// <summary>What is left of some when others are taken away, in order and merged.</summary>
    public static IReadOnlyList<Interval> Subtract(IEnumerable<Interval> open, IEnumerable<Interval> busy)
    {
        var taken = Merge(busy);
        var left = new List<Interval>();
        foreach (var one in Merge(open))
        {
            var from = one.Start;
            foreach (var hole in taken.Where(hole => hole.Overlaps(one)))
            {
                if (from < hole.Start)
                {
                    left.Add(new Interval(from, hole.Start));
                }

                from = hole.End;
            }

            if (from < one.End)
            {
                left.Add(new Interval(from, one.End));
            }
        }

        return left;
    }
}
