using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class AppointmentCalendarTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_appointment_is_an_event_that_tells_nothing_of_anybody()
    {
        var text = Write(Booked(), "https://host/visit/e1");

        Assert.Equal(
            """
            BEGIN:VCALENDAR
            VERSION:2.0
            PRODID:-//TeleFhir//TeleFhir//EN
            CALSCALE:GREGORIAN
            BEGIN:VEVENT
            UID:a1@host
            SEQUENCE:3
            DTSTAMP:20261030T080000Z
            DTSTART:20261102T140000Z
            DTEND:20261102T143000Z
            STATUS:CONFIRMED
            TRANSP:OPAQUE
            CLASS:PRIVATE
            SUMMARY:Telehealth visit
            URL:https://host/visit/e1
            ATTENDEE;CN=Patient;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:invalid:nomail
            ATTENDEE;CN=Clinician;ROLE=REQ-PARTICIPANT;PARTSTAT=TENTATIVE:invalid:nomai
             l
            ATTENDEE;CN=Interpreter;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION:invalid:
             nomail
            END:VEVENT
            END:VCALENDAR

            """.ReplaceLineEndings("\r\n"),
            text);
    }

    [Theory]
    [InlineData(AppointmentStatus.Proposed, "TENTATIVE")]
    [InlineData(AppointmentStatus.Pending, "TENTATIVE")]
    [InlineData(AppointmentStatus.CheckedIn, "CONFIRMED")]
    [InlineData(AppointmentStatus.Cancelled, "CANCELLED")]
    public void The_status_is_translated(AppointmentStatus status, string expected)
    {
        var appointment = Booked();
        appointment.Status = status;

        Assert.Contains($"STATUS:{expected}\r\n", Write(appointment, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelled_ones_stay_for_thirty_days_and_errors_not_at_all()
    {
        var cancelled = Booked();
        cancelled.Status = AppointmentStatus.Cancelled;
        cancelled.AddExtension(BookingRules.CancellationDateUrl, Moment.DateTime(_now.AddDays(-29)));
        Assert.True(AppointmentCalendar.Shows(cancelled, _now));
        Assert.False(AppointmentCalendar.Shows(cancelled, _now.AddDays(1)));

        cancelled.Status = AppointmentStatus.EnteredInError;
        Assert.False(AppointmentCalendar.Shows(cancelled, _now));
    }

    [Fact]
    public void Lines_are_folded_by_octets_between_characters()
    {
        var text = Write(Booked(), "https://host/" + new string('ä', 100));

        Assert.All(text.Split("\r\n"), line => Assert.True(System.Text.Encoding.UTF8.GetByteCount(line) <= 75));
        Assert.Contains(new string('ä', 100), text.Replace("\r\n ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static string Write(Appointment appointment, string? page) => AppointmentCalendar.Write([new(appointment, page)], "host", _now);

    private static Appointment Booked() => new()
    {
        Id = "a1",
        Meta = new Meta { VersionId = "3", LastUpdated = new DateTimeOffset(2026, 10, 30, 8, 0, 0, TimeSpan.Zero) },
        Status = AppointmentStatus.Booked,
        Description = "Depression",
        ReasonCode = [new CodeableConcept { Text = "Depression" }],
        Start = new DateTimeOffset(2026, 11, 2, 15, 0, 0, TimeSpan.FromHours(1)),
        End = new DateTimeOffset(2026, 11, 2, 14, 30, 0, TimeSpan.Zero),
        Participant =
        [
            new() { Actor = new ResourceReference("Patient/p1", "Amy Rivera"), Status = ParticipationStatus.Accepted },
            new() { Actor = new ResourceReference("PractitionerRole/d1", "Dr. Lee"), Status = ParticipationStatus.Tentative },
            new()
            {
                Type = [new CodeableConcept("http://terminology.hl7.org/CodeSystem/participant-type", "translator")],
                Actor = new ResourceReference("RelatedPerson/i1"),
                Required = ParticipantRequired.Optional,
                Status = ParticipationStatus.NeedsAction,
            },
        ],
    };
}
