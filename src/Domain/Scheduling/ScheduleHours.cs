using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;
using NodaTime.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// Weekly hours in which a Schedule has slots, in local time. Hours whose end is not after their start end on the next day, so
/// <c>00:00</c> as the end is midnight and equal times are a whole day.
/// </summary>
/// <param name="Days">The days on which the hours begin.</param>
/// <param name="Start">When they begin.</param>
/// <param name="End">When they end.</param>
/// <param name="SlotMinutes">How long a slot is, from 1 minute to a day.</param>
public sealed record WeeklyHours(ImmutableArray<IsoDayOfWeek> Days, LocalTime Start, LocalTime End, int SlotMinutes)
{
    /// <summary>Minutes kept free before each slot.</summary>
    public int BufferBeforeMinutes { get; init; }

    /// <summary>Minutes kept free after each slot.</summary>
    public int BufferAfterMinutes { get; init; }

    /// <summary>How many appointments a slot takes, 1 where it is not said; more are a group visit.</summary>
    public int Capacity { get; init; } = 1;
}

/// <summary>
/// Days, or part of one, on which the weekly hours do not hold. Without hours of its own it is closed. Special hours have the slots of
/// the first weekly hours of the Schedule.
/// </summary>
/// <param name="FirstDay">The first local day; null where <paramref name="During"/> is given.</param>
/// <param name="LastDay">The last local day, included.</param>
/// <param name="During">The time that is closed, where days do not say it.</param>
/// <param name="Start">When special hours begin on these days, or null.</param>
/// <param name="End">When they end, or null.</param>
public sealed record SpecialHours(LocalDate? FirstDay, LocalDate? LastDay, Interval? During, LocalTime? Start, LocalTime? End)
{
    /// <summary>Whether it is about hours that begin on the day.</summary>
    public bool IsAbout(LocalDate day) => FirstDay <= day && day <= LastDay;
}

/// <summary>
/// When a Schedule is open, as its extensions say.
/// <list type="bullet">
/// <item><c>{canon}/StructureDefinition/schedule-availability</c>, repeated: <c>daysOfWeek</c> valueCode (mon..sun, repeated),
/// <c>availableStartTime</c> and <c>availableEndTime</c> valueTime, <c>slotMinutes</c> valuePositiveInt, and where wanted
/// <c>bufferBeforeMinutes</c> and <c>bufferAfterMinutes</c> valueUnsignedInt and the extension
/// <c>http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity</c> valueInteger.</item>
/// <item><c>{canon}/StructureDefinition/schedule-exception</c>, repeated: <c>during</c> valuePeriod (days, the last one included, or a time
/// within one), and for special hours on these days <c>availableStartTime</c> and <c>availableEndTime</c> valueTime.</item>
/// <item><c>Schedule.planningHorizon</c> (https://hl7.org/fhir/R4/schedule-definitions.html#Schedule.planningHorizon) bounds all.</item>
/// </list>
/// </summary>
/// <param name="ScheduleId">The Schedule's id.</param>
/// <param name="Zone">The zone of all local times.</param>
/// <param name="Weekly">The weekly hours.</param>
/// <param name="Exceptions">When they do not hold.</param>
/// <param name="Horizon">Slots lie within; null is without bound.</param>
public sealed record ScheduleHours(
    string ScheduleId,
    DateTimeZone Zone,
    ImmutableArray<WeeklyHours> Weekly,
    ImmutableArray<SpecialHours> Exceptions,
    Interval? Horizon)
{
    /// <summary>SMART Scheduling Links' capacity of a Slot.</summary>
    public const string CapacityUrl = "http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity";

    private const int MostRules = 200;

    private static readonly ImmutableArray<string> _days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>What the Schedule says; 422 <c>availability-invalid</c> where a rule says something that cannot be.</summary>
    public static Decision<ScheduleHours> Read(Schedule schedule, DateTimeZone zone, Canonicals canonicals)
    {
        var weekly = schedule.GetExtensions(canonicals.Extension("schedule-availability")).Select(ReadWeekly).ToList();
        var exceptions = schedule.GetExtensions(canonicals.Extension("schedule-exception")).Select(one => ReadException(one, zone)).ToList();
        if (weekly.Contains(null) || exceptions.Contains(null) || weekly.Count > MostRules || exceptions.Count > MostRules)
        {
            return Refusal.BusinessRule(
                "availability-invalid",
                "A rule of the schedule has days (mon to sun), a start, an end and slots of 1 to 1440 minutes; an exception has a period;"
                + $" there are at most {MostRules} of each.",
                "Schedule.extension");
        }

        return new ScheduleHours(
            schedule.Id ?? "", zone, [.. weekly.OfType<WeeklyHours>()], [.. exceptions.OfType<SpecialHours>()],
            schedule.PlanningHorizon is { } horizon ? PeriodOf(horizon, zone) : null);
    }

    /// <summary>
    /// The half-open interval that a Period means in a zone: a bound that is a day means its beginning, and as the end the day's end, which
    /// is included (https://hl7.org/fhir/R4/datatypes.html#Period). Open bounds are the year 1900 and the year 2200; null where a bound
    /// cannot be read or the end is before the start.
    /// </summary>
    public static Interval? PeriodOf(Hl7.Fhir.Model.Period period, DateTimeZone zone) =>
        Bound(period.Start, zone, new LocalDate(1900, 1, 1), isEnd: false) is { } start
        && Bound(period.End, zone, new LocalDate(2200, 1, 1), isEnd: true) is { } end
        && start <= end
            ? new Interval(start, end)
            : null;

    /// <summary>How many appointments a Slot takes.</summary>
    public static int CapacityOf(IExtendable slot) =>
        slot.GetExtension(CapacityUrl)?.Value is PrimitiveType value && NumberOf(value) is >= 1 and var capacity ? capacity : 1;

    private static WeeklyHours? ReadWeekly(Extension rule)
    {
        var days = Values(rule, "daysOfWeek").Select(day => _days.IndexOf(TextOf(day) ?? "")).ToList();
        var before = Number(rule, "bufferBeforeMinutes") ?? 0;
        var after = Number(rule, "bufferAfterMinutes") ?? 0;
        return days.Count > 0 && !days.Contains(-1)
            && Time(rule, "availableStartTime") is { } start
            && Time(rule, "availableEndTime") is { } end
            && Number(rule, "slotMinutes") is >= 1 and <= 1440 and var minutes
            && before is >= 0 and <= 1440 && after is >= 0 and <= 1440
                ? new WeeklyHours([.. days.Distinct().Select(day => (IsoDayOfWeek)(day + 1))], start, end, minutes)
                {
                    BufferBeforeMinutes = before,
                    BufferAfterMinutes = after,
                    Capacity = CapacityOf(rule),
                }
                : null;
    }

    private static SpecialHours? ReadException(Extension exception, DateTimeZone zone)
    {
        if (Values(exception, "during").FirstOrDefault() is not Hl7.Fhir.Model.Period during)
        {
            return null;
        }

        if (LocalDatePattern.Iso.Parse(during.Start ?? "") is { Success: true, Value: var first })
        {
            var last = during.End is null ? first
                : LocalDatePattern.Iso.Parse(during.End) is { Success: true, Value: var given } ? given
                : LocalDate.MinIsoValue;
            var (start, end) = (Time(exception, "availableStartTime"), Time(exception, "availableEndTime"));
            return last < first || start is null != end is null ? null : new(first, last, null, start, end);
        }

        return PeriodOf(during, zone) is { } closed ? new(null, null, closed, null, null) : null;
    }

    private static NodaTime.Instant? Bound(string? text, DateTimeZone zone, LocalDate open, bool isEnd)
    {
        if (text is null)
        {
            return zone.AtStartOfDay(open).ToInstant();
        }

        if (Moment.Read(text) is { } time)
        {
            return NodaTime.Instant.FromDateTimeOffset(time);
        }

        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: { Year: < 9999 } day })
        {
            return zone.AtStartOfDay(isEnd ? day.PlusDays(1) : day).ToInstant();
        }

        if (YearMonthPattern.Iso.Parse(text) is { Success: true, Value: { Year: < 9999 } month })
        {
            return zone.AtStartOfDay(isEnd ? month.OnDayOfMonth(1).PlusMonths(1) : month.OnDayOfMonth(1)).ToInstant();
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var year) && year is >= 1 and < 9999
            ? zone.AtStartOfDay(new LocalDate(isEnd ? year + 1 : year, 1, 1)).ToInstant()
            : null;
    }

    private static IEnumerable<DataType> Values(Extension rule, string name) =>
        rule.Extension.Where(part => part.Url == name).Select(part => part.Value).OfType<DataType>();

    private static LocalTime? Time(Extension rule, string name) =>
        Values(rule, name).Select(TextOf).FirstOrDefault() is { } text
        && LocalTimePattern.ExtendedIso.Parse(text) is { Success: true, Value: var time }
            ? time
            : null;

    private static int? Number(Extension rule, string name) => Values(rule, name).OfType<PrimitiveType>().Select(NumberOf).FirstOrDefault();

    private static int? NumberOf(PrimitiveType value) => value.JsonValue as int?;

    private static string? TextOf(DataType value) => (value as PrimitiveType)?.JsonValue as string;
}
