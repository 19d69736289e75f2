using System.Globalization;
using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// What a reminder says. It passes through hands that know nothing of privacy, so it tells when and where to sign in, and neither who nor why.
/// </summary>
/// <param name="Reminder">The reminder.</param>
/// <param name="LandingPage">Where the visit takes place, behind a login; null where it is not virtual.</param>
/// <param name="Zone">The zone in which the patient lives, or the clinic; UTC where nobody says.</param>
/// <param name="Address">The patient's e-mail address, or null.</param>
public sealed record ReminderMessage(Reminder Reminder, string? LandingPage, DateTimeZone Zone, string? Address)
{
    /// <summary>The subject of an e-mail.</summary>
    public const string Subject = "Your appointment";

    /// <summary>The message for people.</summary>
    public string Text
    {
        get
        {
            var start = Instant.FromDateTimeOffset(Reminder.Start).InZone(Zone);
            var time = start.ToString("dddd, d MMMM uuuu 'at' HH:mm", CultureInfo.InvariantCulture);
            var text = $"You have an appointment on {time} ({Zone.Id}).";
            return LandingPage is null ? text : $"{text} Join it at {LandingPage} after signing in.";
        }
    }
}
