using System.Diagnostics.Metrics;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>
/// Sends what is due. Whether a reminder is still true is looked at when it is about to go, not when it was written. What cannot be sent is
/// tried again after longer and longer pauses, and given up when it would be no use any more.
/// </summary>
internal sealed partial class ReminderDelivery(
    IReminders reminders,
    IEnumerable<IReminderChannel> channels,
    BookingDesk desk,
    IMeterFactory meters,
    ILogger<ReminderDelivery> logger)
{
    private const int Side = 4;
    private const int MostAttempts = 8;

    // Longer than any channel waits for its other side, so that nobody else sends what is being sent.
    private static readonly TimeSpan _lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _longestAttempt = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(30);
    private static readonly Caller _job = Caller.System("reminders");

    private readonly Dictionary<string, IReminderChannel> _channels = channels.ToDictionary(channel => channel.Name);
    private readonly Counter<long> _results = meters.Create(Telemetry.ReminderMeter).CreateCounter<long>("telefhir.reminders");

    /// <summary>Sends all that is due, a few side by side so that one slow recipient does not keep the others waiting.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, Side).Select(_ => SendAllAsync(cancellationToken)));

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        while (await reminders.TakeAsync(_lease, cancellationToken) is { } taken)
        {
            await SendAsync(taken, cancellationToken);
        }
    }

    private async Task SendAsync(TakenReminder taken, CancellationToken cancellationToken)
    {
        var reminder = taken.Reminder;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_longestAttempt);
        string note;
        try
        {
            if (!_channels.TryGetValue(reminder.Channel, out var channel))
            {
                await FinishAsync(taken, ReminderState.Skipped, "no-channel", cancellationToken);
                return;
            }

            if (await ReadAsync<Appointment>($"Appointment/{reminder.Appointment}", limit.Token) is not { } appointment || !reminder.Holds(appointment, desk.Now, desk.Canonicals))
            {
                await FinishAsync(taken, ReminderState.Skipped, "not-booked", cancellationToken);
                return;
            }

            var sent = await channel.SendAsync(await MessageAsync(reminder, appointment, limit.Token), limit.Token);
            await FinishAsync(taken, sent ? ReminderState.Sent : ReminderState.Skipped, sent ? "" : "no-address", cancellationToken);
            return;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            // The kind alone: what a mail server says may name the recipient.
            note = fault.GetType().Name;
        }

        var again = desk.Now + Pause(taken.Attempt);
        if (taken.Attempt >= MostAttempts || again >= reminder.Start)
        {
            GivenUp(logger, reminder.Id, reminder.Channel, taken.Attempt, note);
            await FinishAsync(taken, ReminderState.GivenUp, note, cancellationToken);
        }
        else
        {
            Failed(logger, reminder.Id, reminder.Channel, taken.Attempt, note, again);
            Count(reminder.Channel, "failed");
            await reminders.PostponeAsync(taken, again, note, cancellationToken);
        }
    }

    private static TimeSpan Pause(int attempt)
    {
        var pause = _firstPause * Math.Pow(2, attempt - 1);
        return pause < _longestPause ? pause : _longestPause;
    }

    private async Task FinishAsync(TakenReminder taken, ReminderState state, string note, CancellationToken cancellationToken)
    {
        Count(taken.Reminder.Channel, state switch
        {
            ReminderState.Sent => "sent",
            ReminderState.GivenUp => "given-up",
            _ => "skipped",
        });
        await reminders.FinishAsync(taken, state, note, cancellationToken);
    }

    private void Count(string channel, string result) =>
        _results.Add(1, new KeyValuePair<string, object?>("channel", channel), new KeyValuePair<string, object?>("result", result));

    private async Task<ReminderMessage> MessageAsync(Reminder reminder, Appointment appointment, CancellationToken cancellationToken)
    {
        var patient = await ReadAsync<Patient>(reminder.Recipient, cancellationToken);
        var zone = patient is null ? null : ScheduleZone.Of(patient);
        if (zone is null && appointment.Slot.Count > 0)
        {
            var slots = await desk.SlotsAsync(appointment.Slot, appointment.Id, cancellationToken);
            var schedules = await desk.SchedulesAsync(slots.Select(loaded => loaded.Slot), cancellationToken);
            zone = schedules.Select(schedule => schedule.Zone).FirstOrDefault(found => found.IsAllowed)?.Value;
        }

        var mail = patient?.Telecom.Where(telecom => telecom is { System: ContactPoint.ContactPointSystem.Email, Value.Length: > 0 } && telecom.Use != ContactPoint.ContactPointUse.Old)
            .OrderBy(telecom => telecom.Rank ?? int.MaxValue)
            .FirstOrDefault();
        var offered = WaitingList.IsOffer(appointment, desk.Canonicals) ? HoldExpiry.Of(appointment, desk.Canonicals) : null;
        var page = offered is null ? LandingPage.Of(appointment, desk.Server.Address) : $"{LandingPage.OriginOf(desk.Server.Address)}/app/";
        return new ReminderMessage(reminder, page, zone ?? DateTimeZone.Utc, mail?.Value) { OfferedUntil = offered };
    }

    private async Task<T?> ReadAsync<T>(string reference, CancellationToken cancellationToken)
        where T : Resource =>
        ResourceKey.TryParse(reference, out var key) && await desk.Server.Store.ReadAsync(_job, key, cancellationToken) is { IsDeleted: false } stored
            ? FhirJson.Parse(stored.Json) as T
            : null;

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Reminder {ReminderId} by {Channel} failed the {Attempt}. time ({Fault}); the next try is at {Again:u}")]
    private static partial void Failed(ILogger logger, string reminderId, string channel, int attempt, string fault, DateTimeOffset again);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Reminder {ReminderId} by {Channel} was given up after {Attempts} attempts ({Fault})")]
    private static partial void GivenUp(ILogger logger, string reminderId, string channel, int attempts, string fault);
}
