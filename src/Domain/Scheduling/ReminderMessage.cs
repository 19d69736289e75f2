using System.Globalization;
using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// What a reminder says. It passes through hands that know nothing of privacy, so it tells when and where to sign in, and neither who nor why.
/// </summary>
/// <param name="Reminder">The reminder.</param>
/// <param name="LandingPage">Where the visit takes place, or an offer is taken up, behind a login; null where it is not virtual.</param>
/// <param name="Zone">The zone in which the patient lives, or the clinic; UTC where nobody says.</param>
/// <param name="Address">The patient's e-mail address, or null.</param>
public sealed record ReminderMessage(Reminder Reminder, string? LandingPage, DateTimeZone Zone, string? Address)
{
    /// <summary>Until when the time is kept, where it is the notice of an offer; else null.</summary>
    public DateTimeOffset? OfferedUntil { get; init; }

    /// <summary>The subject of an e-mail.</summary>
    public string Subject => OfferedUntil is null ? "Your appointment" : "A time has become free";

    /// <summary>The message for people.</summary>
    public string Text
    {
        get
        {
            var start = Instant.FromDateTimeOffset(Reminder.Start).InZone(Zone);
            var time = start.ToString("dddd, d MMMM uuuu 'at' HH:mm", CultureInfo.InvariantCulture);
            if (OfferedUntil is { } end)
            {
                var until = Instant.FromDateTimeOffset(end).InZone(Zone).ToString("d MMMM 'at' HH:mm", CultureInfo.InvariantCulture);
                return $"A time that you wait for has become free: {time} ({Zone.Id}). It is kept for you until {until}: sign in to book it{(LandingPage is null ? "." : $" at {LandingPage}")}";
            }

            var text = $"You have an appointment on {time} ({Zone.Id}).";
            return LandingPage is null ? text : $"{text} Join it at {LandingPage} after signing in.";
        }
    }
}
