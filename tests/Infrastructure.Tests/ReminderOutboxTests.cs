using Hl7.Fhir.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Reminders in the database: who has one, and what a server that stops leaves behind.</summary>
public sealed class ReminderOutboxTests
{
    private static readonly TimeSpan _lease = TimeSpan.FromMinutes(2);
    private readonly FakeTimeProvider _clock = new(new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero));

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_take_a_reminder_one_has_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await using var second = store.Second(_clock);
        await BookAsync(store, 20);
        _clock.Advance(TimeSpan.FromMinutes(31));

        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => TakeAllAsync(n % 2 == 0 ? store : second)));

        var ids = taken.SelectMany(some => some).Select(one => one.Reminder.Id).ToList();
        Assert.Equal((20, 20), (ids.Count, ids.Distinct().Count()));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_a_server_that_stopped_had_is_taken_again(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await using var second = store.Second(_clock);
        await BookAsync(store, 1);
        Assert.Empty(await TakeAllAsync(store));
        _clock.Advance(TimeSpan.FromMinutes(31));
        var first = Assert.Single(await TakeAllAsync(store));
        Assert.Empty(await TakeAllAsync(second));

        _clock.Advance(_lease);
        var again = Assert.Single(await TakeAllAsync(second));

        Assert.Equal((first.Reminder, 2), (again.Reminder, again.Attempt));

        // Who had it before says nothing of it any more.
        await Outbox(store).FinishAsync(first, ReminderState.GivenUp, "late", TestContext.Current.CancellationToken);
        Assert.Equal(ReminderState.Waiting, Assert.Single(await OfAsync(store)).State);
        await Outbox(second).FinishAsync(again, ReminderState.Sent, "", TestContext.Current.CancellationToken);
        Assert.Equal((ReminderState.Sent, 2, ""), Assert.Single(await OfAsync(store)) is var one ? (one.State, one.Attempts, one.Note) : default);
        _clock.Advance(_lease);
        Assert.Empty(await TakeAllAsync(store));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_appointment_that_goes_takes_its_reminders_with_it(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await BookAsync(store, 1);
        Assert.Single(await OfAsync(store));

        await store.CommitAsync(new DeleteChange(new ResourceKey("Appointment", "a0")));

        Assert.Empty(await OfAsync(store));
    }

    private static IReminders Outbox(TestStore store) => store.Services.GetRequiredService<IReminders>();

    private static Task<IReadOnlyList<(Reminder Reminder, ReminderState State, int Attempts, string Note)>> OfAsync(TestStore store) =>
        Outbox(store).OfAsync("a0", TestContext.Current.CancellationToken);

    private static async Task<List<TakenReminder>> TakeAllAsync(TestStore store)
    {
        var taken = new List<TakenReminder>();
        while (await Outbox(store).TakeAsync(_lease, TestContext.Current.CancellationToken) is { } one)
        {
            taken.Add(one);
        }

        return taken;
    }

    private async Task BookAsync(TestStore store, int count)
    {
        for (var n = 0; n < count; n++)
        {
            var appointment = new Appointment
            {
                Id = $"a{n}",
                Status = Appointment.AppointmentStatus.Booked,
                Start = _clock.GetUtcNow().AddHours(1),
                End = _clock.GetUtcNow().AddHours(1.5),
                Participant = [new() { Actor = new ResourceReference($"Patient/p{n}"), Status = ParticipationStatus.Accepted }],
            };
            await store.CommitAsync(new PutChange(new ResourceKey("Appointment", appointment.Id), new ResourceContent(appointment, FhirJson.Serialize(appointment))));
        }
    }
}
