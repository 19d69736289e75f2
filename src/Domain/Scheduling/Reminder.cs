using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>One message to one patient about one Appointment: a reminder of what is booked, or the notice of an offer to who waits.</summary>
/// <param name="Id">The same however often it is sent, so that whoever gets it twice can tell.</param>
/// <param name="Appointment">Id of the Appointment.</param>
/// <param name="Recipient">The patient, <c>Patient/id</c>.</param>
/// <param name="Channel">By what way: a name of <see cref="ReminderSettings"/>.</param>
/// <param name="Start">When the Appointment starts, as it was booked when the reminder was made.</param>
/// <param name="Before">How long before that it is due.</param>
public sealed record Reminder(string Id, string Appointment, string Recipient, string Channel, DateTimeOffset Start, TimeSpan Before)
{
    /// <summary>When it is to be sent.</summary>
    public DateTimeOffset Due => Start - Before;

    /// <summary>
    /// The reminders that an Appointment is to have from now on, in the place of those that are still to be sent: none where it is not
    /// booked; null where what there is stays as it is. What would be due already is not made: who books at the last minute knows.
    /// </summary>
    /// <param name="appointmentId">Its id.</param>
    /// <param name="before">The Appointment as stored; null where there is none.</param>
    /// <param name="after">As it is to be; null where it is deleted.</param>
    /// <param name="settings">What the clinic sets.</param>
    /// <param name="now">The time.</param>
    /// <param name="canonicals">Where this server's extensions are.</param>
    public static IReadOnlyList<Reminder>? Plan(
        string appointmentId, Appointment? before, Appointment? after, ReminderSettings settings, DateTimeOffset now, Canonicals canonicals)
    {
        if (after is not null && WaitingList.IsOffer(after, canonicals))
        {
            // Told at once, and once.
            return before is not null && WaitingList.IsOffer(before, canonicals) ? null
                :
                [
                    .. from recipient in RecipientsOf(after)
                       from channel in settings.Channels
                       select new Reminder(Guid.CreateVersion7(now).ToString("D"), appointmentId, recipient, channel, after.Start!.Value, after.Start.Value - now),
                ];
        }

        if (before is not null && WaitingList.IsOffer(before, canonicals) && (after is null || !IsReminded(after)))
        {
            return [];
        }

        var had = before is not null && IsReminded(before) ? before : null;
        var has = after is not null && IsReminded(after) ? after : null;
        if (has is null)
        {
            return had is null ? null : [];
        }

        if (had is not null && had.Start == has.Start && RecipientsOf(had).SequenceEqual(RecipientsOf(has)))
        {
            return null;
        }

        var start = has.Start.GetValueOrDefault();
        return
        [
            .. from recipient in RecipientsOf(has)
               from offset in settings.Before
               from channel in settings.Channels
               where start - offset > now
               select new Reminder(Guid.CreateVersion7(now).ToString("D"), appointmentId, recipient, channel, start, offset),
        ];
    }

    /// <summary>Whether it is still true: the Appointment is booked for that patient, or offered to them, at that time, which is to come.</summary>
    public bool Holds(Appointment appointment, DateTimeOffset now, Canonicals canonicals) =>
        (IsReminded(appointment) || (WaitingList.IsOffer(appointment, canonicals) && HoldExpiry.Of(appointment, canonicals) > now)) && appointment.Start == Start && Start > now && RecipientsOf(appointment).Contains(Recipient);

    private static bool IsReminded(Appointment appointment) => appointment is { Status: AppointmentStatus.Booked, Start: not null };

    private static IEnumerable<string> RecipientsOf(Appointment appointment) => appointment.Participant
        .Where(participant => participant.Status != ParticipationStatus.Declined)
        .Select(participant => Occupancy.RelativeOf(participant.Actor))
        .OfType<string>()
        .Where(actor => actor.StartsWith("Patient/", StringComparison.Ordinal))
        .Distinct(StringComparer.Ordinal);
}
