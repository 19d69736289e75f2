using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;

namespace TeleFhir.Domain.Fhir;

/// <summary>Points in time as FHIR writes them: in UTC, to the millisecond and no finer, so that what is stored equals what was decided.</summary>
public static class Moment
{
    /// <summary>As <c>instant</c>.</summary>
    public static Hl7.Fhir.Model.Instant Instant(DateTimeOffset time) => new(Whole(time));

    /// <summary>As <c>dateTime</c>.</summary>
    public static FhirDateTime DateTime(DateTimeOffset time) => new(Text(time));

    /// <summary>As <c>Period</c>, open at the end where <paramref name="end"/> is null.</summary>
    public static Hl7.Fhir.Model.Period Period(DateTimeOffset start, DateTimeOffset? end) =>
        new() { Start = Text(start), End = end is { } at ? Text(at) : null };

    /// <summary>The same point in UTC, without what is finer than a millisecond.</summary>
    public static DateTimeOffset Whole(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);

    /// <summary>The point that a <c>dateTime</c> with a time of day means; null for one without, and for none.</summary>
    public static DateTimeOffset? Read(string? dateTime) =>
        dateTime?.Contains('T', StringComparison.Ordinal) == true
        && DateTimeOffset.TryParse(dateTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    /// <summary>
    /// Whether a Period covers a point in time. A bound without a time of day means, in UTC, the beginning of its day, month or year, and as the end
    /// the end of it (https://hl7.org/fhir/R4/datatypes.html#Period); one that cannot be read covers nothing.
    /// </summary>
    public static bool Covers(Hl7.Fhir.Model.Period? period, DateTimeOffset at) =>
        (period?.Start is not { } start || Bound(start, isEnd: false) <= at) && (period?.End is not { } end || Bound(end, isEnd: true) > at);

    /// <summary>The half-open interval <c>[start, end)</c>; null where a bound is missing or the end is before the start.</summary>
    public static Interval? Between(DateTimeOffset? start, DateTimeOffset? end) =>
        start is { } from && end is { } to && from <= to
            ? new Interval(NodaTime.Instant.FromDateTimeOffset(from), NodaTime.Instant.FromDateTimeOffset(to))
            : null;

    private static DateTimeOffset? Bound(string text, bool isEnd)
    {
        if (Read(text) is { } time)
        {
            return time;
        }

        foreach (var (format, days, months) in (ReadOnlySpan<(string, int, int)>)[("yyyy-MM-dd", 1, 0), ("yyyy-MM", 0, 1), ("yyyy", 0, 12)])
        {
            if (DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day))
            {
                return !isEnd ? day : day.Year == DateTimeOffset.MaxValue.Year ? DateTimeOffset.MaxValue : day.AddDays(days).AddMonths(months);
            }
        }

        return null;
    }

    private static string Text(DateTimeOffset time)
    {
        var whole = Whole(time);
        var format = whole.Millisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        return whole.ToString(format, CultureInfo.InvariantCulture);
    }
}
