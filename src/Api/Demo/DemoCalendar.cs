using NodaTime;
using NodaTime.Extensions;

namespace TeleFhir.Api.Demo;

/// <summary>
/// The clinic's days and hours as seen from the moment of seeding. The zone comes with NodaTime, since slim containers and invariant
/// globalisation leave the machine without one.
/// </summary>
internal sealed class DemoCalendar(DateTimeOffset now)
{
    /// <summary>The zone of clinic and patients, as an IANA name.</summary>
    public const string ZoneName = "America/New_York";

    /// <summary>Office hours start, on weekdays.</summary>
    public static readonly LocalTime Opens = new(9, 0);

    /// <summary>Office hours end.</summary>
    public static readonly LocalTime Closes = new(17, 0);

    private static readonly DateTimeZone _zone = DateTimeZoneProviders.Tzdb[ZoneName];

    /// <summary>The moment of seeding.</summary>
    public DateTimeOffset Now { get; } = now;

    /// <summary>The day of seeding at the clinic.</summary>
    public LocalDate Today { get; } = now.ToInstant().InZone(_zone).Date;

    /// <summary>A local time with the offset that holds on that day.</summary>
    public static DateTimeOffset At(LocalDate day, LocalTime time) => _zone.AtLeniently(day + time).ToDateTimeOffset();

    /// <summary>The first weekday on or after a day.</summary>
    public static LocalDate WeekdayFrom(LocalDate day)
    {
        while (!IsWeekday(day))
        {
            day = day.PlusDays(1);
        }

        return day;
    }

    public static bool IsWeekday(LocalDate day) => day.DayOfWeek is not (IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday);
}
