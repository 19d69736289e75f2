using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>Which reminders there are, whether they still hold, and what they say.</summary>
public sealed class ReminderTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 7, 9, 0, 0, TimeSpan.Zero);
    private static readonly ReminderSettings _settings = new([TimeSpan.FromDays(1), TimeSpan.FromMinutes(30)], ["log", "mail"]);

    [Fact]
    public void There_is_one_for_each_patient_time_and_way_that_is_still_to_come()
    {
        var group = Booked(_now.AddHours(2));
        group.Participant.Add(new() { Actor = new ResourceReference("Patient/ben"), Status = ParticipationStatus.Accepted });
        group.Participant.Add(new() { Actor = new ResourceReference("Patient/cal"), Status = ParticipationStatus.Declined });

        var planned = Reminder.Plan("a", null, group, _settings, _now, Bookings.Own)!;

        Assert.Equal(
            ["Patient/amy log 00:30:00", "Patient/amy mail 00:30:00", "Patient/ben log 00:30:00", "Patient/ben mail 00:30:00"],
            planned.Select(one => $"{one.Recipient} {one.Channel} {one.Before}"));
        Assert.Equal(4, planned.Select(one => one.Id).Distinct().Count());
        Assert.Equal(4, Reminder.Plan("a", null, Booked(_now.AddDays(3)), _settings, _now, Bookings.Own)!.Count);
    }

    [Theory]
    [InlineData(Appointment.AppointmentStatus.Booked, Appointment.AppointmentStatus.Booked, 0, null)]
    [InlineData(Appointment.AppointmentStatus.Booked, Appointment.AppointmentStatus.Booked, 1, 4)]
    [InlineData(Appointment.AppointmentStatus.Pending, Appointment.AppointmentStatus.Booked, 0, 4)]
    [InlineData(Appointment.AppointmentStatus.Booked, Appointment.AppointmentStatus.CheckedIn, 0, 0)]
    [InlineData(Appointment.AppointmentStatus.Booked, Appointment.AppointmentStatus.Cancelled, 0, 0)]
    [InlineData(Appointment.AppointmentStatus.Pending, Appointment.AppointmentStatus.Cancelled, 0, null)]
    [InlineData(Appointment.AppointmentStatus.Fulfilled, Appointment.AppointmentStatus.EnteredInError, 0, null)]
    public void They_follow_what_is_booked(Appointment.AppointmentStatus from, Appointment.AppointmentStatus to, int hoursLater, int? expected)
    {
        var (before, after) = (Booked(_now.AddDays(2)), Booked(_now.AddDays(2).AddHours(hoursLater)));
        (before.Status, after.Status) = (from, to);

        Assert.Equal(expected, Reminder.Plan("a", before, after, _settings, _now, Bookings.Own)?.Count);
    }

    [Fact]
    public void One_holds_while_its_patient_is_booked_for_its_time()
    {
        var start = _now.AddDays(2);
        var reminder = Reminder.Plan("a", null, Booked(start), _settings, _now, Bookings.Own)![0];

        Assert.True(reminder.Holds(Booked(start), start.AddMinutes(-1), Bookings.Own));
        Assert.False(reminder.Holds(Booked(start), start, Bookings.Own));
        Assert.False(reminder.Holds(Booked(start.AddMinutes(30)), _now, Bookings.Own));
        var other = Booked(start);
        other.Participant[0].Actor = new ResourceReference("Patient/ben");
        Assert.False(reminder.Holds(other, _now, Bookings.Own));
        foreach (var status in Enum.GetValues<Appointment.AppointmentStatus>().Where(status => status != Appointment.AppointmentStatus.Booked))
        {
            var changed = Booked(start);
            changed.Status = status;
            Assert.False(reminder.Holds(changed, _now, Bookings.Own));
        }
    }

    [Theory]
    [InlineData("2026-03-08T06:30:00Z", "Sunday, 8 March 2026 at 01:30 (America/New_York)")]
    [InlineData("2026-03-08T07:30:00Z", "Sunday, 8 March 2026 at 03:30 (America/New_York)")]
    public void It_tells_the_time_where_the_patient_is(string start, string expected)
    {
        var time = DateTimeOffset.Parse(start, null);
        var message = new ReminderMessage(new Reminder("r", "a", "Patient/amy", "mail", time, TimeSpan.FromDays(1)), null, DateTimeZoneProviders.Tzdb["America/New_York"], null);

        Assert.Equal($"You have an appointment on {expected}.", message.Text);
        Assert.Equal($"You have an appointment on {expected}. Join it at https://x/visit/1 after signing in.", (message with { LandingPage = "https://x/visit/1" }).Text);
    }

    private static Appointment Booked(DateTimeOffset start) => new()
    {
        Status = Appointment.AppointmentStatus.Booked,
        Start = start,
        End = start.AddMinutes(30),
        Participant =
        [
            new() { Actor = new ResourceReference("Patient/amy"), Status = ParticipationStatus.Accepted },
            new() { Actor = new ResourceReference("Practitioner/lee"), Status = ParticipationStatus.Accepted },
        ],
    };
}
