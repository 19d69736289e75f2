using System.Globalization;

namespace TeleFhir.Domain.Search;

/// <summary>
/// A number as a search writes it, with the half-open range [<see cref="Low"/>, <see cref="High"/>) that its digits stand for:
/// <c>100</c> is [99.5, 100.5), <c>5.40</c> is [5.395, 5.405) (https://hl7.org/fhir/R4/search.html#number).
/// </summary>
/// <param name="Value">The number.</param>
/// <param name="Low">Half a unit of the last written digit below it.</param>
/// <param name="High">Half a unit above it.</param>
public readonly record struct NumberRange(decimal Value, decimal Low, decimal High)
{
    // A decimal holds 28 digits; one is left for the carry of an addition.
    private const int MaxDigits = 27;

    /// <summary>A tenth to both sides, and never less than the range itself (prefix <c>ap</c>).</summary>
    public NumberRange Widened()
    {
        var tenth = Math.Abs(Value) * 0.1m;
        return new NumberRange(Value, Math.Min(Low, Value - tenth), Math.Max(High, Value + tenth));
    }

    /// <summary>Reads a FHIR decimal. False where it is none, or where its range has more digits than a decimal can tell apart.</summary>
    public static bool TryParse(string text, out NumberRange range)
    {
        range = default;
        var at = text is ['-' or '+', ..] ? 1 : 0;
        var whole = Digits(text, at);
        at += whole;
        var fraction = 0;
        if (whole > 0 && at < text.Length && text[at] == '.')
        {
            fraction = Digits(text, at + 1);
            at += 1 + fraction;
            if (fraction == 0)
            {
                return false;
            }
        }

        var mantissa = text.AsSpan(0, at);
        var exponent = 0;
        var hasExponent = at < text.Length && text[at] is 'e' or 'E';
        if (whole == 0 || (hasExponent ? !TryExponent(text.AsSpan(at + 1), out exponent) : at < text.Length))
        {
            return false;
        }

        var significant = Significant(mantissa);
        var unit = exponent - fraction;
        var top = unit + Math.Max(significant, 1);

        // The specification reads 1e2 as [95, 105): a single digit before an exponent counts as two.
        if (hasExponent && significant < 2)
        {
            unit--;
        }

        if (unit < -MaxDigits || top > MaxDigits || top - unit > MaxDigits - 1
            || !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        var half = HalfOf(unit);
        range = new NumberRange(value, value - half, value + half);
        return true;
    }

    private static bool TryExponent(ReadOnlySpan<char> text, out int exponent) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) && exponent is > -100 and < 100;

    private static int Digits(string text, int start)
    {
        var at = start;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at - start;
    }

    private static int Significant(ReadOnlySpan<char> mantissa)
    {
        var count = 0;
        foreach (var character in mantissa)
        {
            if (char.IsAsciiDigit(character) && (count > 0 || character != '0'))
            {
                count++;
            }
        }

        return count;
    }

    private static decimal HalfOf(int power)
    {
        if (power <= 0)
        {
            return new decimal(5, 0, 0, isNegative: false, (byte)(1 - power));
        }

        var half = 0.5m;
        for (var i = 0; i < power; i++)
        {
            half *= 10;
        }

        return half;
    }
}
