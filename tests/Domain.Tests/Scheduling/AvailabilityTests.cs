using Hl7.Fhir.Model;
using NodaTime;
using NodaTime.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>Local hours against the clocks of zones that change, on the change days of 2026.</summary>
public sealed class AvailabilityTests
{
    private static readonly Canonicals _canonicals = new("https://telefhir.dev/fhir");

    [Theory]
    // An ordinary day, and the same hours under the other offset.
    [InlineData("America/New_York", "2026-03-06", "09:00", "10:00", 30, "14:00 14:30")]
    [InlineData("America/New_York", "2026-03-09", "09:00", "10:00", 30, "13:00 13:30")]
    // 02:00 to 03:00 does not exist.
    [InlineData("America/New_York", "2026-03-08", "01:00", "04:00", 30, "06:00 06:30 07:00 07:30")]
    [InlineData("America/New_York", "2026-03-08", "02:00", "03:00", 30, "")]
    [InlineData("America/New_York", "2026-03-08", "01:00", "03:00", 60, "06:00")]
    // A slot of 90 minutes from 01:30 ends at 04:00 on the clock: the one of 03:00 would begin in it.
    [InlineData("America/New_York", "2026-03-08", "00:00", "06:00", 90, "05:00 06:30 08:30")]
    // 01:00 to 02:00 comes twice: hours that end with it are meant once, hours that go on cover both.
    [InlineData("America/New_York", "2026-11-01", "01:00", "02:00", 30, "05:00 05:30")]
    [InlineData("America/New_York", "2026-11-01", "00:00", "02:00", 60, "04:00 05:00")]
    [InlineData("America/New_York", "2026-11-01", "00:30", "01:30", 30, "04:30 05:00")]
    [InlineData("America/New_York", "2026-11-01", "00:00", "03:00", 60, "04:00 05:00 06:00 07:00")]
    [InlineData("America/New_York", "2026-11-01", "01:30", "03:00", 30, "05:30 06:30 07:00 07:30")]
    [InlineData("America/New_York", "2026-11-01", "09:00", "10:00", 30, "14:00 14:30")]
    // Sydney: 03:00 becomes 02:00 in April, 02:00 becomes 03:00 in October.
    [InlineData("Australia/Sydney", "2026-04-05", "02:00", "03:00", 60, "15:00")]
    [InlineData("Australia/Sydney", "2026-04-05", "01:00", "04:00", 60, "14:00 15:00 16:00 17:00")]
    [InlineData("Australia/Sydney", "2026-10-04", "01:00", "04:00", 60, "15:00 16:00")]
    // Santiago changes at midnight: the last hour of 4 April comes twice, the first of 6 September never.
    [InlineData("America/Santiago", "2026-04-04", "23:00", "00:00", 60, "02:00")]
    [InlineData("America/Santiago", "2026-04-04", "22:00", "01:00", 60, "01:00 02:00 03:00 04:00")]
    [InlineData("America/Santiago", "2026-09-06", "00:00", "02:00", 60, "04:00")]
    [InlineData("America/Santiago", "2026-09-05", "23:00", "02:00", 60, "03:00 04:00")]
    // Lord Howe moves by half an hour: 02:00 becomes 01:30, and 02:00 becomes 02:30.
    [InlineData("Australia/Lord_Howe", "2026-04-05", "01:00", "02:30", 30, "14:00 14:30 15:00 15:30")]
    [InlineData("Australia/Lord_Howe", "2026-04-05", "01:30", "02:00", 30, "14:30")]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "01:30", "03:00", 30, "15:00 15:30")]
    // Night shifts, midnight, and a whole day.
    [InlineData("America/New_York", "2026-06-01", "23:00", "01:00", 30, "03:00 03:30 04:00 04:30")]
    [InlineData("America/New_York", "2026-06-01", "23:00", "00:00", 30, "03:00 03:30")]
    [InlineData("America/New_York", "2026-03-07", "23:00", "03:30", 30, "04:00 04:30 05:00 05:30 06:00 06:30 07:00")]
    [InlineData("UTC", "2026-06-01", "00:00", "00:00", 720, "00:00 12:00")]
    // What does not fit is left out.
    [InlineData("UTC", "2026-06-01", "09:00", "10:15", 30, "09:00 09:30")]
    public void Hours_become_slots(string zone, string day, string from, string to, int minutes, string expected)
    {
        var hours = Hours(zone, Rule(day, from, to, minutes));

        var slots = Availability.Slots(hours, Around(zone, day));

        Assert.Equal(expected, string.Join(' ', slots.Select(slot => slot.Start!.Value.UtcDateTime.ToString("HH:mm", null))));
        Assert.All(slots, slot => Assert.Equal(TimeSpan.FromMinutes(minutes), slot.End - slot.Start));
    }

    [Fact]
    public void The_whole_year_has_no_overlap_and_is_the_same_in_pieces()
    {
        foreach (var zone in (string[])["America/New_York", "Australia/Lord_Howe", "America/Santiago", "Europe/Berlin", "Asia/Kathmandu"])
        {
            var hours = Hours(zone, Rule("mon tue wed thu fri sat sun", "20:00", "05:00", 45));
            var year = new Interval(NodaTime.Instant.FromUtc(2026, 1, 1, 0, 0), NodaTime.Instant.FromUtc(2027, 1, 1, 0, 0));
            var slots = Availability.Slots(hours, year);
            var pieces = Enumerable.Range(0, 365)
                .SelectMany(day => Availability.Slots(hours, new(year.Start + NodaTime.Duration.FromDays(day), year.Start + NodaTime.Duration.FromDays(day + 1))));

            Assert.Equal(slots.Select(slot => slot.Id), pieces.Select(slot => slot.Id));
            Assert.All(slots.Zip(slots.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start));
            Assert.Equal(slots.Count, slots.Select(slot => slot.Id).Distinct().Count());
        }
    }

    [Fact]
    public void To_generate_again_adds_nothing_and_leaves_what_is_busy()
    {
        var hours = Hours("UTC", Rule("2026-06-01", "09:00", "11:00", 30));
        var slots = Availability.Slots(hours, Around("UTC", "2026-06-01"));

        Assert.Equal(4, Availability.Missing(slots, []).Count);
        Assert.Empty(Availability.Missing(Availability.Slots(hours, Around("UTC", "2026-06-01")), slots));

        var posted = At("09:00", "09:30", Slot.SlotStatus.Free);
        var meeting = At("09:45", "10:15", Slot.SlotStatus.BusyUnavailable);
        Assert.Equal(["10:30"], Availability.Missing(slots, [posted, meeting]).Select(slot => slot.Start!.Value.UtcDateTime.ToString("HH:mm", null)));
    }

    [Fact]
    public void Two_rules_at_one_time_make_one_slot()
    {
        var hours = Hours("UTC", Rule("2026-06-01", "09:00", "10:00", 30), Rule("2026-06-01", "09:30", "10:30", 30));

        Assert.Equal(3, Availability.Slots(hours, Around("UTC", "2026-06-01")).Count);
    }

    [Fact]
    public void Buffers_and_capacity_are_minded()
    {
        var rule = Rule("2026-06-01", "09:00", "11:00", 30);
        rule.Extension.Add(new("bufferBeforeMinutes", new UnsignedInt(5)));
        rule.Extension.Add(new("bufferAfterMinutes", new UnsignedInt(10)));
        rule.Extension.Add(new(ScheduleHours.CapacityUrl, new Integer(8)));

        var slots = Availability.Slots(Hours("UTC", rule), Around("UTC", "2026-06-01"));

        Assert.Equal(["09:05", "09:50"], slots.Select(slot => slot.Start!.Value.UtcDateTime.ToString("HH:mm", null)));
        Assert.All(slots, slot => Assert.Equal(8, ScheduleHours.CapacityOf(slot)));
    }

    [Fact]
    public void Exceptions_close_days_or_hours_or_open_others()
    {
        var schedule = Calendar(Rule("mon tue wed thu fri", "09:00", "11:00", 60));
        schedule.Extension.Add(Exception("2026-12-24", "2026-12-25"));
        schedule.Extension.Add(Exception("2026-12-28T09:30:00Z", "2026-12-28T10:00:00Z"));
        schedule.Extension.Add(Exception("2026-12-26", null, "13:00", "14:00"));
        var hours = ScheduleHours.Read(schedule, DateTimeZone.Utc, _canonicals).Value!;

        var slots = Availability.Slots(hours, new(NodaTime.Instant.FromUtc(2026, 12, 23, 0, 0), NodaTime.Instant.FromUtc(2026, 12, 29, 0, 0)));

        Assert.Equal(["23 09:00", "23 10:00", "26 13:00", "28 10:00"], slots.Select(slot => slot.Start!.Value.UtcDateTime.ToString("dd HH:mm", null)));
    }

    [Fact]
    public void Nothing_is_planned_beyond_the_horizon()
    {
        var schedule = Calendar(Rule("mon tue wed thu fri sat sun", "09:00", "10:00", 60));
        schedule.PlanningHorizon = new Hl7.Fhir.Model.Period { Start = "2026-06-02", End = "2026-06-03" };
        var hours = ScheduleHours.Read(schedule, DateTimeZone.Utc, _canonicals).Value!;

        var slots = Availability.Slots(hours, new(NodaTime.Instant.FromUtc(2026, 5, 1, 0, 0), NodaTime.Instant.FromUtc(2026, 7, 1, 0, 0)));

        Assert.Equal(["02", "03"], slots.Select(slot => slot.Start!.Value.UtcDateTime.ToString("dd", null)));
    }

    [Theory]
    [InlineData("monday", "09:00:00", "10:00:00", 30)]
    [InlineData("mon", "09:00:00", "24:00:00", 30)]
    [InlineData("mon", "09:00:00", "10:00:00", 1441)]
    public void A_rule_that_cannot_be_is_refused(string day, string from, string to, int minutes)
    {
        var schedule = Calendar(new Extension
        {
            Url = _canonicals.Extension("schedule-availability"),
            Extension =
            [
                new("daysOfWeek", new Code(day)), new("availableStartTime", new Time(from)), new("availableEndTime", new Time(to)),
                new("slotMinutes", new PositiveInt(minutes)),
            ],
        });

        Assert.Equal("availability-invalid", ScheduleHours.Read(schedule, DateTimeZone.Utc, _canonicals).Refusal!.Code);
    }

    [Fact]
    public void The_zone_is_that_of_the_actor_then_of_the_reference_then_of_the_schedule()
    {
        var schedule = new Schedule { Actor = [new ResourceReference("Practitioner/d1")] };
        Assert.Equal("timezone-missing", ScheduleZone.Find(schedule, []).Refusal!.Code);

        schedule.AddExtension(ScheduleZone.Url, new Code("Europe/Berlin"));
        Assert.Equal("Europe/Berlin", ScheduleZone.Find(schedule, []).Value!.Id);
        schedule.Actor[0].AddExtension(ScheduleZone.Url, new Code("America/Chicago"));
        Assert.Equal("America/Chicago", ScheduleZone.Find(schedule, []).Value!.Id);
        var practitioner = new Practitioner();
        practitioner.AddExtension(ScheduleZone.Url, new Code("Nowhere/Land"));
        Assert.Equal("America/Chicago", ScheduleZone.Find(schedule, [practitioner]).Value!.Id);
        practitioner.SetExtension(ScheduleZone.Url, new Code("Asia/Tokyo"));
        Assert.Equal("Asia/Tokyo", ScheduleZone.Find(schedule, [practitioner]).Value!.Id);
    }

    private static Interval Around(string zone, string day)
    {
        var date = LocalDatePattern.Iso.Parse(day).Value;
        var tz = DateTimeZoneProviders.Tzdb[zone];
        return new(tz.AtStartOfDay(date).ToInstant(), tz.AtStartOfDay(date.PlusDays(2)).ToInstant());
    }

    private static ScheduleHours Hours(string zone, params Extension[] rules) =>
        ScheduleHours.Read(Calendar(rules), DateTimeZoneProviders.Tzdb[zone], _canonicals).Value!;

    private static Schedule Calendar(params Extension[] rules) => new() { Id = "s1", Extension = [.. rules] };

    private static Extension Rule(string days, string from, string to, int minutes)
    {
        var names = days.Contains('-', StringComparison.Ordinal)
            ? [LocalDatePattern.Iso.Parse(days).Value.DayOfWeek.ToString()[..3].ToLowerInvariant()]
            : days.Split(' ');
        return new()
        {
            Url = _canonicals.Extension("schedule-availability"),
            Extension =
            [
                .. names.Select(name => new Extension("daysOfWeek", new Code(name))),
                new("availableStartTime", new Time(from + ":00")),
                new("availableEndTime", new Time(to + ":00")),
                new("slotMinutes", new PositiveInt(minutes)),
            ],
        };
    }

    private static Extension Exception(string start, string? end, string? from = null, string? to = null) => new()
    {
        Url = _canonicals.Extension("schedule-exception"),
        Extension =
        [
            new("during", new Hl7.Fhir.Model.Period { Start = start, End = end }),
            .. from is null ? (Extension[])[] : [new("availableStartTime", new Time(from + ":00")), new("availableEndTime", new Time(to + ":00"))],
        ],
    };

    private static Slot At(string from, string to, Slot.SlotStatus status) => new()
    {
        Id = from,
        Status = status,
        Start = DateTimeOffset.Parse($"2026-06-01T{from}:00Z", System.Globalization.CultureInfo.InvariantCulture),
        End = DateTimeOffset.Parse($"2026-06-01T{to}:00Z", System.Globalization.CultureInfo.InvariantCulture),
    };
}
