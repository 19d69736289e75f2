using NodaTime;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>When <c>$find</c> looks: from a start to an end, at most 31 days.</summary>
public static class FindWindow
{
    /// <summary>The longest window.</summary>
    public const int MostDays = 31;

    // The zones of the world lie within.
    private static readonly NodaTime.Duration _furthestWest = NodaTime.Duration.FromHours(14);
    private static readonly NodaTime.Duration _furthestEast = NodaTime.Duration.FromHours(14);

    /// <summary>
    /// 400 <c>window-invalid</c> unless the start is before the end, 400 <c>window-too-long</c> for more than <see cref="MostDays"/> days.
    /// </summary>
    public static Refusal? Check(Hl7.Fhir.Model.Period window)
    {
        if (ScheduleHours.PeriodOf(window, DateTimeZone.Utc) is not { } time || time.Start == time.End)
        {
            return Refusal.Invalid("window-invalid", "The start must be before the end.");
        }

        // The day that is named as the end is included, so days are counted to its beginning.
        var length = IsDay(window.End) ? time.Duration - NodaTime.Duration.FromDays(1) : time.Duration;
        return length > NodaTime.Duration.FromDays(MostDays)
            ? Refusal.Invalid("window-too-long", $"Times are looked for in {MostDays} days at most.")
            : null;
    }

    /// <summary>All moments that it can mean, in whatever zone a Schedule is.</summary>
    public static Interval Hull(Hl7.Fhir.Model.Period window)
    {
        var time = ScheduleHours.PeriodOf(window, DateTimeZone.Utc)!.Value;
        return new Interval(
            IsDay(window.Start) ? time.Start - _furthestEast : time.Start,
            IsDay(window.End) ? time.End + _furthestWest : time.End);
    }

    private static bool IsDay(string? bound) => bound?.Contains('T', StringComparison.Ordinal) == false;
}
