using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;
using static TeleFhir.Domain.Tests.Scheduling.Bookings;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class WeeklySeriesTests
{
    private static readonly DateTimeZone _newYork = DateTimeZoneProviders.Tzdb["America/New_York"];

    [Theory]
    [InlineData("2026-10-19T13:00:00Z", 4, "10-19 13:00, 10-26 13:00, 11-02 14:00, 11-09 14:00")]
    [InlineData("2026-03-02T14:00:00Z", 2, "03-02 14:00, 03-09 13:00")]
    [InlineData("2026-10-25T05:30:00Z", 2, "10-25 05:30, 11-01 05:30")]
    public void The_local_time_stays(string first, int count, string expected)
    {
        var times = WeeklySeries.Times(DateTimeOffset.Parse(first, CultureInfo.InvariantCulture), count, _newYork).Value!;

        Assert.Equal(expected, string.Join(", ", times.Starts.Select(start => start.UtcDateTime.ToString("MM-dd HH:mm", CultureInfo.InvariantCulture))));
    }

    [Theory]
    [InlineData("2026-03-01T07:30:00Z", 2, "no-such-local-time")]
    [InlineData("2026-10-19T13:00:00Z", 1, "occurrence-count")]
    [InlineData("2026-10-19T13:00:00Z", 13, "occurrence-count")]
    public void A_series_that_cannot_be_is_refused(string first, int count, string code)
    {
        Assert.Equal(code, WeeklySeries.Times(DateTimeOffset.Parse(first, CultureInfo.InvariantCulture), count, _newYork).Refusal!.Code);
    }

    [Fact]
    public void Members_share_an_identifier_and_are_numbered()
    {
        var members = Series();

        Assert.Equal([1, 2, 3], members.Select(WeeklySeries.NumberOf));
        Assert.All(members, member => Assert.Equal("u-1", WeeklySeries.SeriesOf(member, Own)));
        Assert.Equal([true, false, false], members.Select(member => member.GetExtension(WeeklySeries.RecurrenceTemplateUrl) is not null));
        Assert.All(members, member => Assert.Equal(TimeSpan.FromMinutes(30), member.End - member.Start));
        var template = members[0].GetExtension(WeeklySeries.RecurrenceTemplateUrl)!;
        Assert.Equal("monday", template.GetExtension("weeklyTemplate")!.Extension[0].Url);
    }

    [Fact]
    public void A_template_of_the_client_stays()
    {
        var first = Appointment(AppointmentStatus.Proposed, "09:00", "09:30");
        first.Extension.Add(new Extension { Url = WeeklySeries.RecurrenceTemplateUrl, Extension = [new("occurrenceCount", new PositiveInt(3))] });
        var members = WeeklySeries.Members(first, WeeklySeries.Times(first.Start!.Value, 3, _newYork).Value!, "u", _newYork, Own);

        Assert.Single(members[0].GetExtension(WeeklySeries.RecurrenceTemplateUrl)!.Extension);
        Assert.Null(members[1].GetExtension(WeeklySeries.RecurrenceTemplateUrl));
    }

    [Theory]
    [InlineData(SeriesScope.One, "a2")]
    [InlineData(SeriesScope.ThisAndFollowing, "a2 a3")]
    [InlineData(SeriesScope.All, "a1 a2 a3")]
    public void A_scope_picks_members(SeriesScope scope, string expected)
    {
        var series = Series();

        Assert.Equal(expected, string.Join(' ', WeeklySeries.Pick(series[1], series, scope, Own).Select(one => one.Id)));
    }

    [Fact]
    public void What_is_over_is_not_picked_along()
    {
        var series = Series();
        series[0].Status = AppointmentStatus.Fulfilled;

        Assert.Equal(["a2", "a3"], WeeklySeries.Pick(series[1], series, SeriesScope.All, Own).Select(one => one.Id!));
        Assert.Null(WeeklySeries.ReadScope("some"));
        Assert.Equal(SeriesScope.One, WeeklySeries.ReadScope(null));
    }

    [Fact]
    public void Every_week_has_its_slots_or_none_has()
    {
        var times = WeeklySeries.Times(At("09:00"), 3, DateTimeZone.Utc).Value!;
        LoadedSlot[] first = [new(Slot("t1", "09:00", "09:30")), new(Slot("r1", "09:00", "09:30", schedule: "room"))];
        var later = (from week in Enumerable.Range(1, 2) from one in first select new LoadedSlot(Shifted(one.Slot, week))).ToList();

        var found = WeeklySeries.FindSlots(first, times, later, Morning).Value!;
        Assert.Equal(["t1 r1", "t1-1 r1-1", "t1-2 r1-2"], found.Weeks.Select(week => string.Join(' ', week.Select(one => one.Slot.Id))));

        later[3].Slot.Status = Hl7.Fhir.Model.Slot.SlotStatus.Busy;
        Assert.Equal("slot-unavailable", WeeklySeries.FindSlots(first, times, later, Morning).Refusal!.Code);

        static Slot Shifted(Slot slot, int weeks)
        {
            var shifted = (Slot)slot.DeepCopy();
            (shifted.Id, shifted.Start, shifted.End) = ($"{slot.Id}-{weeks}", slot.Start!.Value.AddDays(7 * weeks), slot.End!.Value.AddDays(7 * weeks));
            return shifted;
        }
    }

    private static IReadOnlyList<Appointment> Series()
    {
        var first = Appointment(AppointmentStatus.Booked, "09:00", "09:30");
        var members = WeeklySeries.Members(first, WeeklySeries.Times(first.Start!.Value, 3, _newYork).Value!, "u-1", _newYork, Own);
        for (var i = 0; i < members.Count; i++)
        {
            members[i].Id = $"a{i + 1}";
        }

        return members;
    }
}
