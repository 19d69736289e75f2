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

    /// <summary>The half-open interval <c>[start, end)</c>; null where a bound is missing or the end is before the start.</summary>
    public static Interval? Between(DateTimeOffset? start, DateTimeOffset? end) =>
        start is { } from && end is { } to && from <= to
            ? new Interval(NodaTime.Instant.FromDateTimeOffset(from), NodaTime.Instant.FromDateTimeOffset(to))
            : null;

    private static string Text(DateTimeOffset time)
    {
        var whole = Whole(time);
        var format = whole.Millisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        return whole.ToString(format, CultureInfo.InvariantCulture);
    }
}
