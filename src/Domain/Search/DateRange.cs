using System.Globalization;

namespace TeleFhir.Domain.Search;

/// <summary>
/// A half-open range [<see cref="Low"/>, <see cref="High"/>) of 100 ns ticks UTC since year 1. A partial date covers all of itself:
/// <c>2020</c> is the whole year. A value without a zone is UTC (https://hl7.org/fhir/R4/search.html#date).
/// </summary>
/// <param name="Low">First tick inside.</param>
/// <param name="High">First tick after.</param>
public readonly record struct DateRange(long Low, long High)
{
    /// <summary>The low end of a range without a start. Above 0, which stands for "no date at all".</summary>
    public const long Earliest = 1;

    /// <summary>The high end of a range without an end.</summary>
    public const long Latest = long.MaxValue;

    /// <summary>
    /// Reads a FHIR date, dateTime or instant, also with minutes precision as a search may have it. False for an impossible date.
    /// </summary>
    public static bool TryParse(string? text, out DateRange range)
    {
        range = default;
        if (text is null || text.Length < 4 || !TryNumber(text, 0, 4, out var year) || year < 1)
        {
            return false;
        }

        if (text.Length == 4)
        {
            range = new DateRange(Ticks(year, 1, 1), year == 9999 ? Latest : Ticks(year + 1, 1, 1));
            return true;
        }

        if (text.Length < 7 || text[4] != '-' || !TryNumber(text, 5, 2, out var month) || month is < 1 or > 12)
        {
            return false;
        }

        if (text.Length == 7)
        {
            var low = new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Utc);
            range = new DateRange(Math.Max(Earliest, low.Ticks), year == 9999 && month == 12 ? Latest : low.AddMonths(1).Ticks);
            return true;
        }

        if (text.Length < 10 || text[7] != '-' || !TryNumber(text, 8, 2, out var day) || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        var midnight = Ticks(year, month, day);
        if (text.Length == 10)
        {
            range = Of(midnight, TimeSpan.TicksPerDay);
            return true;
        }

        return TryTime(text, midnight, out range);
    }

    private static bool TryTime(string text, long midnight, out DateRange range)
    {
        range = default;
        if (text.Length < 16 || text[10] != 'T' || text[13] != ':'
            || !TryNumber(text, 11, 2, out var hour) || !TryNumber(text, 14, 2, out var minute) || hour > 23 || minute > 59)
        {
            return false;
        }

        var ticks = midnight + (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        var length = TimeSpan.TicksPerMinute;
        var at = 16;
        if (at < text.Length && text[at] == ':')
        {
            if (!TryNumber(text, at + 1, 2, out var second) || second > 60)
            {
                return false;
            }

            // A leap second is the last instant of its minute to a clock that has none.
            ticks += Math.Min(second, 59) * TimeSpan.TicksPerSecond;
            length = TimeSpan.TicksPerSecond;
            at += 3;
            if (at < text.Length && text[at] == '.')
            {
                var digits = 0;
                while (at + 1 + digits < text.Length && char.IsAsciiDigit(text[at + 1 + digits]))
                {
                    digits++;
                }

                if (digits == 0)
                {
                    return false;
                }

                for (var i = 0; i < Math.Min(digits, 7); i++)
                {
                    length /= 10;
                    ticks += (text[at + 1 + i] - '0') * length;
                }

                at += 1 + digits;
            }
        }

        if (!TryOffset(text.AsSpan(at), out var offset))
        {
            return false;
        }

        range = Of(ticks - offset, length);
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> zone, out long offset)
    {
        offset = 0;
        if (zone.IsEmpty || zone is "Z")
        {
            return true;
        }

        // A plus sign that a client forgot to encode arrives as a space.
        if (zone.Length != 6 || zone[3] != ':' || zone[0] is not ('+' or '-' or ' ')
            || !int.TryParse(zone.Slice(1, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(zone.Slice(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            || hours > 14 || minutes > 59)
        {
            return false;
        }

        offset = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute * (zone[0] == '-' ? -1 : 1);
        return true;
    }

    private static DateRange Of(long low, long length)
    {
        var from = Math.Max(Earliest, low);
        return new DateRange(from, Math.Max(from + 1, low + length));
    }

    private static bool TryNumber(string text, int start, int length, out int number)
    {
        number = 0;
        return start + length <= text.Length
            && int.TryParse(text.AsSpan(start, length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static long Ticks(int year, int month, int day) =>
        Math.Max(Earliest, new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks);
}
