using System.Collections.Immutable;

namespace TeleFhir.Domain.Scheduling;

/// <summary>When and by what way patients are reminded of what they have booked.</summary>
/// <param name="Before">How long before the start, each above zero.</param>
/// <param name="Channels">By what ways, by name; none where nobody is to be reminded.</param>
public sealed record ReminderSettings(ImmutableArray<TimeSpan> Before, ImmutableArray<string> Channels)
{
    /// <summary>A line in the log.</summary>
    public const string Log = "log";

    /// <summary>An e-mail to the patient.</summary>
    public const string Mail = "mail";

    /// <summary>A signed request to an address that the clinic names.</summary>
    public const string Webhook = "webhook";

    /// <summary>A day and half an hour before, in the log.</summary>
    public static ReminderSettings Default { get; } = new([TimeSpan.FromDays(1), TimeSpan.FromMinutes(30)], [Log]);
}
