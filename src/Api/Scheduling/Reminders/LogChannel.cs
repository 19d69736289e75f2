using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>A line in the log, for who has nothing else yet: that a reminder was due, and not where the visit is.</summary>
internal sealed partial class LogChannel(ILogger<LogChannel> logger) : IReminderChannel
{
    public string Name => ReminderSettings.Log;

    public Task<bool> SendAsync(ReminderMessage message, CancellationToken cancellationToken)
    {
        Due(logger, message.Reminder.Id, message.Reminder.Start, message.Reminder.Before);
        return Task.FromResult(true);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Reminder {ReminderId}: an appointment starts at {Start:u}, {Before} after this was due")]
    private static partial void Due(ILogger logger, string reminderId, DateTimeOffset start, TimeSpan before);
}
