using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using NodaTime;
using NodaTime.TimeZones;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// Hours in local time made into Slots (https://hl7.org/fhir/R4/slot.html). The zone's changes are minded: a local time that does not exist
/// has no slot; of one that comes twice the first is meant, and both only where the hours go on after the hour that is repeated. A slot lasts
/// as long as it says on the clock of nature, and lies within its hours.
/// </summary>
public static class Availability
{
    /// <summary>For how long slots are made at a time.</summary>
    public const int LongestPeriodDays = 366;

    /// <summary>Whether slots can be made for the period: 400 <c>period-too-long</c> where not.</summary>
    public static Refusal? CheckPeriod(Interval period) =>
        period.Duration > NodaTime.Duration.FromDays(LongestPeriodDays)
            ? Refusal.Invalid("period-too-long", $"Slots are made for {LongestPeriodDays} days at a time.")
            : null;

    /// <summary>
    /// The slots that begin in a period, in order, free and with ids that are the same each time: of Schedule, start and length. Periods
    /// that follow each other give each slot once. Slots that lie outside the horizon or in time that is closed are left out.
    /// </summary>
    /// <param name="hours">When the Schedule is open.</param>
    /// <param name="period">Slots begin in it; it may be past.</param>
    /// <param name="like">What slots inherit: service category and type, specialty.</param>
    public static IReadOnlyList<Slot> Slots(ScheduleHours hours, Interval period, Schedule? like = null)
    {
        var closed = hours.Exceptions.Select(exception => exception.During).OfType<Interval>().ToList();
        var found = from window in Windows(hours, period)
                    from time in Within(window.Start, window.End, window.Hours, hours.Zone)
                    where period.Contains(time.Start)
                        && hours.Horizon?.Covers(time) != false
                        && !closed.Exists(hole => hole.Overlaps(time))
                    select (time, window.Hours.Capacity);
        return
        [
            .. found.DistinctBy(one => one.time)
                .OrderBy(one => one.time.Start).ThenBy(one => one.time.End)
                .Select(one => ToSlot(hours.ScheduleId, one.time, one.Capacity, like)),
        ];
    }

    /// <summary>
    /// What is to be created of the slots that rules give: not those that are there under their id or at their time, and none over a Slot
    /// that is anything but free. What exists is never changed.
    /// </summary>
    /// <param name="slots">The slots of <see cref="Slots"/>.</param>
    /// <param name="existing">All Slots of the Schedule around that time.</param>
    public static IReadOnlyList<Slot> Missing(IReadOnlyList<Slot> slots, IEnumerable<Slot> existing)
    {
        var ids = new HashSet<string?>(StringComparer.Ordinal);
        var times = new HashSet<Interval>();
        var taken = new List<Interval>();
        foreach (var slot in existing)
        {
            ids.Add(slot.Id);
            if (slot.Status != Slot.SlotStatus.EnteredInError && Moment.Between(slot.Start, slot.End) is { } time)
            {
                times.Add(time);
                if (slot.Status != Slot.SlotStatus.Free)
                {
                    taken.Add(time);
                }
            }
        }

        return
        [
            .. slots.Where(slot => !ids.Contains(slot.Id)
                && Moment.Between(slot.Start, slot.End) is { } time
                && !times.Contains(time)
                && !taken.Exists(one => one.Overlaps(time))),
        ];
    }

    /// <summary>The id of a generated Slot: 32 hexadecimal digits after <c>slot-</c>, the same for the same Schedule, start and length.</summary>
    public static string SlotId(string scheduleId, Interval time)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"{scheduleId}|{time.Start.ToUnixTimeSeconds()}|{time.Duration.TotalMinutes}");
        return "slot-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
    }

    /// <summary>All open hours that may have slots in the period, with their local bounds.</summary>
    private static IEnumerable<(LocalDateTime Start, LocalDateTime End, WeeklyHours Hours)> Windows(ScheduleHours hours, Interval period)
    {
        // Hours of the day before may reach into the period.
        var first = period.Start.InZone(hours.Zone).Date.PlusDays(-2);
        var last = period.End.InZone(hours.Zone).Date;
        if (hours.Horizon is { } horizon)
        {
            first = LocalDate.Max(first, horizon.Start.InZone(hours.Zone).Date.PlusDays(-2));
            last = LocalDate.Min(last, horizon.End.InZone(hours.Zone).Date);
        }

        for (var day = first; day <= last; day = day.PlusDays(1))
        {
            foreach (var one in OnDay(hours, day))
            {
                yield return (day + one.Start, (one.End <= one.Start ? day.PlusDays(1) : day) + one.End, one);
            }
        }
    }

    private static IEnumerable<WeeklyHours> OnDay(ScheduleHours hours, LocalDate day)
    {
        var exceptions = hours.Exceptions.Where(exception => exception.IsAbout(day)).ToList();
        return exceptions.Count == 0
            ? hours.Weekly.Where(weekly => weekly.Days.Contains(day.DayOfWeek))
            : from exception in exceptions
              where exception is { Start: not null, End: not null }
              from weekly in hours.Weekly.Take(1)
              select weekly with { Start = exception.Start!.Value, End = exception.End!.Value };
    }

    private static IEnumerable<Interval> Within(LocalDateTime start, LocalDateTime end, WeeklyHours hours, DateTimeZone zone)
    {
        var length = NodaTime.Duration.FromMinutes(hours.SlotMinutes);
        var closes = zone.ResolveLocal(end, Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter)).ToInstant();
        var times = from time in LocalTimes(start, end, hours)
                    from begin in Occurrences(time, end, zone)
                    let slot = new Interval(begin, begin + length)
                    where slot.End <= closes
                    orderby slot.Start
                    select slot;
        var free = NodaTime.Instant.MinValue;
        foreach (var slot in times)
        {
            // Where the clock jumps, slots that are apart on it may still meet.
            if (slot.Start >= free)
            {
                yield return slot;
                free = slot.End;
            }
        }
    }

    private static IEnumerable<LocalDateTime> LocalTimes(LocalDateTime start, LocalDateTime end, WeeklyHours hours)
    {
        var step = hours.BufferBeforeMinutes + hours.SlotMinutes + hours.BufferAfterMinutes;
        for (var time = start; time.PlusMinutes(step) <= end; time = time.PlusMinutes(step))
        {
            yield return time.PlusMinutes(hours.BufferBeforeMinutes);
        }
    }

    private static IEnumerable<NodaTime.Instant> Occurrences(LocalDateTime time, LocalDateTime end, DateTimeZone zone)
    {
        var mapping = zone.MapLocal(time);
        if (mapping.Count == 0)
        {
            yield break;
        }

        yield return mapping.First().ToInstant();

        // The first time ends with the clock at the end of the hour that comes again: hours that go on after it cover both.
        if (mapping.Count == 2 && end > mapping.EarlyInterval.IsoLocalEnd)
        {
            yield return mapping.Last().ToInstant();
        }
    }

    private static Slot ToSlot(string scheduleId, Interval time, int capacity, Schedule? like)
    {
        var slot = new Slot
        {
            Id = SlotId(scheduleId, time),
            Schedule = new ResourceReference($"Schedule/{scheduleId}"),
            Status = Slot.SlotStatus.Free,
            StartElement = Moment.Instant(time.Start.ToDateTimeOffset()),
            EndElement = Moment.Instant(time.End.ToDateTimeOffset()),
            ServiceCategory = [.. (like?.ServiceCategory ?? []).Select(Copy)],
            ServiceType = [.. (like?.ServiceType ?? []).Select(Copy)],
            Specialty = [.. (like?.Specialty ?? []).Select(Copy)],
        };
        if (capacity > 1)
        {
            slot.AddExtension(ScheduleHours.CapacityUrl, new Integer(capacity));
        }

        return slot;
    }

    private static CodeableConcept Copy(CodeableConcept concept) => (CodeableConcept)concept.DeepCopy();
}
