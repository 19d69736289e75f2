using System.Globalization;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>One Appointment of a calendar.</summary>
/// <param name="Appointment">The Appointment as stored, with its <c>meta</c>.</param>
/// <param name="LandingPage">Where its visit takes place, behind a login; null where it is not virtual.</param>
public sealed record CalendarEntry(Appointment Appointment, string? LandingPage);

/// <summary>
/// Appointments as iCalendar text (RFC 5545, https://www.rfc-editor.org/rfc/rfc5545), mapped as R4 says
/// (https://hl7.org/fhir/R4/appointment-mappings.html). It leaves the server for calendars that know nothing of privacy, so there is no name,
/// no reason and no id of a person in it: who takes part is told by role alone.
/// </summary>
public static class AppointmentCalendar
{
    /// <summary>The media type of the text.</summary>
    public const string MediaType = "text/calendar; charset=utf-8";

    /// <summary>How long a cancelled Appointment stays, so that calendars which look seldom take it out.</summary>
    public static readonly TimeSpan CancelledStays = TimeSpan.FromDays(30);

    // Octets of a line, without its end.
    private const int LineLength = 75;

    /// <summary>
    /// Whether it belongs in a calendar: it has a time and was not entered in error, and a cancelled one was cancelled not long ago.
    /// </summary>
    public static bool Shows(Appointment appointment, DateTimeOffset now)
    {
        if (appointment.Start is null || appointment.End is null || appointment.Status is null or AppointmentStatus.EnteredInError)
        {
            return false;
        }

        if (appointment.Status != AppointmentStatus.Cancelled)
        {
            return true;
        }

        var cancelled = (appointment.GetExtension(BookingRules.CancellationDateUrl)?.Value as FhirDateTime)?.Value;
        return (Moment.Read(cancelled) ?? appointment.Meta?.LastUpdated ?? now) + CancelledStays > now;
    }

    /// <summary>The calendar: those of the entries that it shows, by start. Times are in UTC; lines end with CR LF.</summary>
    /// <param name="entries">The Appointments.</param>
    /// <param name="tenant">A host name; with an Appointment's id it names the event in all the world.</param>
    /// <param name="now">The time.</param>
    public static string Write(IEnumerable<CalendarEntry> entries, string tenant, DateTimeOffset now)
    {
        var text = new StringBuilder();
        Line(text, "BEGIN:VCALENDAR");
        Line(text, "VERSION:2.0");
        Line(text, "PRODID:-//TeleFhir//TeleFhir//EN");
        Line(text, "CALSCALE:GREGORIAN");
        foreach (var entry in entries.Where(entry => Shows(entry.Appointment, now)).OrderBy(entry => entry.Appointment.Start))
        {
            Write(text, entry, tenant, now);
        }

        Line(text, "END:VCALENDAR");
        return text.ToString();
    }

    private static void Write(StringBuilder text, CalendarEntry entry, string tenant, DateTimeOffset now)
    {
        var appointment = entry.Appointment;
        Line(text, "BEGIN:VEVENT");
        Line(text, $"UID:{appointment.Id}@{tenant}");
        Line(text, $"SEQUENCE:{SequenceOf(appointment)}");
        Line(text, $"DTSTAMP:{Utc(appointment.Meta?.LastUpdated ?? now)}");
        Line(text, $"DTSTART:{Utc(appointment.Start!.Value)}");
        Line(text, $"DTEND:{Utc(appointment.End!.Value)}");
        Line(text, $"STATUS:{StatusOf(appointment.Status)}");
        Line(text, $"TRANSP:{(appointment.Status == AppointmentStatus.Cancelled ? "TRANSPARENT" : "OPAQUE")}");
        Line(text, "CLASS:PRIVATE");
        Line(text, $"SUMMARY:{(entry.LandingPage is null ? "Appointment" : "Telehealth visit")}");
        if (entry.LandingPage is { } page)
        {
            Line(text, $"URL:{page}");
        }

        foreach (var participant in appointment.Participant)
        {
            // A calendar address is due, and every true one would name somebody.
            Line(text, $"ATTENDEE;CN={RoleOf(participant)};ROLE={NeedOf(participant)};PARTSTAT={AnswerOf(participant)}:invalid:nomail");
        }

        Line(text, "END:VEVENT");
    }

    private static string StatusOf(AppointmentStatus? status) => status switch
    {
        AppointmentStatus.Proposed or AppointmentStatus.Pending or AppointmentStatus.Waitlist => "TENTATIVE",
        AppointmentStatus.Cancelled => "CANCELLED",
        _ => "CONFIRMED",
    };

    private static string RoleOf(ParticipantComponent participant) =>
        participant.Type.Any(type => type.Coding.Any(coding => coding.Code == "translator")) ? "Interpreter"
        : (Occupancy.RelativeOf(participant.Actor)?.Split('/')[0]) switch
        {
            "Patient" => "Patient",
            "Practitioner" or "PractitionerRole" => "Clinician",
            "RelatedPerson" => "Companion",
            "Location" => "Room",
            _ => "Participant",
        };

    private static string NeedOf(ParticipantComponent participant) => participant.Required switch
    {
        ParticipantRequired.Optional => "OPT-PARTICIPANT",
        ParticipantRequired.InformationOnly => "NON-PARTICIPANT",
        _ => "REQ-PARTICIPANT",
    };

    private static string AnswerOf(ParticipantComponent participant) => participant.Status switch
    {
        ParticipationStatus.Accepted => "ACCEPTED",
        ParticipationStatus.Declined => "DECLINED",
        ParticipationStatus.Tentative => "TENTATIVE",
        _ => "NEEDS-ACTION",
    };

    private static string SequenceOf(Appointment appointment) =>
        int.TryParse(appointment.Meta?.VersionId, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version.ToString(CultureInfo.InvariantCulture)
            : "0";

    private static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    // A long line goes on in the next after a blank, which counts; no character is cut in two.
    private static void Line(StringBuilder text, string line)
    {
        var length = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (length + rune.Utf8SequenceLength > LineLength)
            {
                text.Append("\r\n ");
                length = 1;
            }

            text.Append(rune.ToString());
            length += rune.Utf8SequenceLength;
        }

        text.Append("\r\n");
    }
}
