using System.Collections.Frozen;
using System.Collections.Immutable;

namespace TeleFhir.Domain.Observations;

/// <summary>
/// The statistics of Observation/$stats over some numbers (http://terminology.hl7.org/CodeSystem/observation-statistics). Quantiles are
/// interpolated linearly between the two numbers beside them; variance and deviation are those of a sample.
/// </summary>
public sealed class NumberStatistics
{
    private static readonly FrozenDictionary<string, (string Display, bool HasUnit, Func<NumberStatistics, decimal?> Compute)> _known =
        new Dictionary<string, (string, bool, Func<NumberStatistics, decimal?>)>
        {
            ["average"] = ("Average", true, numbers => numbers.Average),
            ["maximum"] = ("Maximum", true, numbers => numbers.At(numbers._sorted.Length - 1)),
            ["minimum"] = ("Minimum", true, numbers => numbers.At(0)),
            ["count"] = ("Count", false, numbers => numbers._sorted.Length),
            ["total-count"] = ("Total Count", false, numbers => numbers._total),
            ["median"] = ("Median", true, numbers => numbers.Quantile(0.5m)),
            ["std-dev"] = ("Standard Deviation", true, numbers => Root(numbers.Variance)),
            ["sum"] = ("Sum", true, numbers => numbers._sorted.Length == 0 ? null : numbers._sorted.Sum()),
            ["variance"] = ("Variance", false, numbers => numbers.Variance),
            ["20-percent"] = ("20th Percentile", true, numbers => numbers.Quantile(0.2m)),
            ["80-percent"] = ("80th Percentile", true, numbers => numbers.Quantile(0.8m)),
            ["4-lower"] = ("Lower Quartile", true, numbers => numbers.Quantile(0.25m)),
            ["4-upper"] = ("Upper Quartile", true, numbers => numbers.Quantile(0.75m)),
            ["4-dev"] = ("Quartile Deviation", true, numbers => (numbers.Quantile(0.75m) - numbers.Quantile(0.25m)) / 2),
            ["5-1"] = ("1st Quintile", true, numbers => numbers.Quantile(0.2m)),
            ["5-2"] = ("2nd Quintile", true, numbers => numbers.Quantile(0.4m)),
            ["5-3"] = ("3rd Quintile", true, numbers => numbers.Quantile(0.6m)),
            ["5-4"] = ("4th Quintile", true, numbers => numbers.Quantile(0.8m)),
            ["skew"] = ("Skew", false, numbers => numbers.Moment(3)),
            ["kurtosis"] = ("Kurtosis", false, numbers => numbers.Moment(4)),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly ImmutableArray<decimal> _sorted;
    private readonly int _total;

    /// <summary>Statistics over some numbers.</summary>
    /// <param name="numbers">The numbers, in any order; of a size whose sum a decimal holds.</param>
    /// <param name="total">How many observations there are, those without a number among them.</param>
    public NumberStatistics(IEnumerable<decimal> numbers, int total)
    {
        _sorted = [.. numbers.Order()];
        _total = total;
    }

    private decimal? Average => _sorted.Length == 0 ? null : _sorted.Sum() / _sorted.Length;

    private decimal? Variance
    {
        get
        {
            if (_sorted.Length < 2)
            {
                return null;
            }

            var mean = Average!.Value;
            return _sorted.Sum(number => (number - mean) * (number - mean)) / (_sorted.Length - 1);
        }
    }

    /// <summary>Whether there is a statistic of this code.</summary>
    public static bool IsKnown(string code) => _known.ContainsKey(code);

    /// <summary>What people call it.</summary>
    public static string DisplayOf(string code) => _known[code].Display;

    /// <summary>Whether it is in the unit of the numbers.</summary>
    public static bool HasUnit(string code) => _known[code].HasUnit;

    /// <summary>The value; null where there are too few numbers for it, or they are too large.</summary>
    public decimal? Of(string code)
    {
        try
        {
            return _known[code].Compute(this);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static decimal? Root(decimal? variance) => variance is { } value ? (decimal)Math.Sqrt((double)value) : null;

    private decimal? At(int index) => _sorted.Length == 0 ? null : _sorted[index];

    private decimal? Quantile(decimal part)
    {
        if (_sorted.Length == 0)
        {
            return null;
        }

        var place = part * (_sorted.Length - 1);
        var low = (int)decimal.Floor(place);
        var high = Math.Min(low + 1, _sorted.Length - 1);
        return _sorted[low] + ((place - low) * (_sorted[high] - _sorted[low]));
    }

    // The standardised moment of the population; none where all numbers are the same.
    private decimal? Moment(int power)
    {
        if (_sorted.Length == 0)
        {
            return null;
        }

        var mean = (double)Average!.Value;
        var variance = _sorted.Average(number => Math.Pow((double)number - mean, 2));
        var moment = _sorted.Average(number => Math.Pow((double)number - mean, power)) / Math.Pow(variance, power / 2.0);
        return double.IsFinite(moment) ? (decimal)moment : null;
    }
}
