using System.Collections.Concurrent;
using System.Globalization;
using Fhir.Metrics;

namespace TeleFhir.Domain.Search;

/// <summary>
/// What a UCUM unit is in base units (https://ucum.org/ucum), so that 0.5 g is found where 500 mg is asked for. Units that compare with
/// nothing but themselves have none: those of biological effect (<c>[IU]</c>), and what the library cannot convert.
/// </summary>
/// <param name="Symbol">The base units, for example <c>g.m-3</c>; empty for a plain number.</param>
/// <param name="Factor">What one unit is in base units.</param>
/// <param name="Offset">Added before the factor is applied: scales of temperature do not start at zero.</param>
internal sealed record BaseUnit(string Symbol, double Factor, decimal Offset = 0)
{
    /// <summary>The system of UCUM codes.</summary>
    public const string Ucum = "http://unitsofmeasure.org";

    private const int LongestCode = 64;
    private const int MostKnown = 4096;

    /// <summary>Two ways to one quantity differ in the last digits of a double; these they have in common.</summary>
    private const string CommonDigits = "E11";

    private const double Greatest = 1e27;

    private static readonly Lazy<SystemOfUnits> _system = new(UCUM.Load);
    private static readonly ConcurrentDictionary<string, BaseUnit?> _known = new(StringComparer.Ordinal)
    {
        ["Cel"] = new("K", 1, 273.15m),
        ["[degF]"] = new("K", 5.0 / 9, 459.67m),
    };

    /// <summary>The conversion of a unit, or null.</summary>
    public static BaseUnit? Of(string? code)
    {
        if (string.IsNullOrEmpty(code) || code.Length > LongestCode)
        {
            return null;
        }

        if (_known.TryGetValue(code, out var known))
        {
            return known;
        }

        var unit = Read(code);
        if (_known.Count < MostKnown)
        {
            _known[code] = unit;
        }

        return unit;
    }

    /// <summary>A number of these units in base units; null where no decimal holds it.</summary>
    public decimal? Convert(decimal value)
    {
        var converted = ((double)value + (double)Offset) * Factor;
        return Math.Abs(converted) < Greatest
            ? (decimal)double.Parse(converted.ToString(CommonDigits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : null;
    }

    private static BaseUnit? Read(string code)
    {
        if (IsArbitrary(code))
        {
            return null;
        }

        try
        {
            lock (_system)
            {
                var one = _system.Value.Canonical(new Quantity(new Exponential(1m), _system.Value.Metric(code)));
                var factor = double.Parse(
                    string.Create(CultureInfo.InvariantCulture, $"{one.Value.Significand}E{one.Value.Exponent}"), CultureInfo.InvariantCulture);
                return new BaseUnit(string.Join('.', one.Metric.Symbols.Split('.').Where(symbol => symbol.Length > 0 && symbol != "1")), factor);
            }
        }
        catch (Exception unknown) when (unknown is not OutOfMemoryException)
        {
            // The library throws whatever it stumbles over; a code that it cannot read compares as written.
            return null;
        }
    }

    private static bool IsArbitrary(string code) =>
        code.Contains("U]", StringComparison.OrdinalIgnoreCase)
        || code.Contains("_50]", StringComparison.Ordinal)
        || code.Contains("[Lf]", StringComparison.Ordinal);
}
