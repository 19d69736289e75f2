namespace TeleFhir.Domain.Scheduling;

/// <summary>What became of a reminder.</summary>
public enum ReminderState
{
    /// <summary>It is to be sent, or being sent.</summary>
    Waiting,

    /// <summary>It was sent.</summary>
    Sent,

    /// <summary>It was no longer true when it was due, or there was nowhere to send it.</summary>
    Skipped,

    /// <summary>It could not be sent.</summary>
    GivenUp,
}

/// <summary>A reminder that this process has to itself for a while.</summary>
/// <param name="Reminder">The reminder.</param>
/// <param name="Attempt">How often it was taken, this time counted.</param>
/// <param name="Until">Until when; from then on others may take it.</param>
public sealed record TakenReminder(Reminder Reminder, int Attempt, DateTimeOffset Until);

/// <summary>
/// The reminders that are to be sent. They are written in the transaction of their Appointment. Of all servers on the database one at a time
/// has a reminder; what a server that stops has taken is taken again by another, so a reminder is sent at least once.
/// </summary>
public interface IReminders
{
    /// <summary>Takes one that is due, for as long as the lease; null where there is none.</summary>
    Task<TakenReminder?> TakeAsync(TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Notes what became of it. Nothing is noted by who has it no longer.</summary>
    /// <param name="taken">The reminder.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="note">Why, in a word; empty where it was sent. No patient data.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    Task FinishAsync(TakenReminder taken, ReminderState state, string note, CancellationToken cancellationToken);

    /// <summary>Leaves it for later.</summary>
    Task PostponeAsync(TakenReminder taken, DateTimeOffset until, string note, CancellationToken cancellationToken);

    /// <summary>What became of the reminders of an Appointment, by when they were due.</summary>
    Task<IReadOnlyList<(Reminder Reminder, ReminderState State, int Attempts, string Note)>> OfAsync(string appointmentId, CancellationToken cancellationToken);
}

/// <summary>A way by which reminders go.</summary>
public interface IReminderChannel
{
    /// <summary>A name of <see cref="ReminderSettings"/>.</summary>
    string Name { get; }

    /// <summary>Sends; false where the patient has no address for it. What it throws is tried again.</summary>
    Task<bool> SendAsync(ReminderMessage message, CancellationToken cancellationToken);
}
