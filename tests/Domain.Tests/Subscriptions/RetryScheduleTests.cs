using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Domain.Tests.Subscriptions;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Tries_come_within_seconds_at_least_every_minute_for_ten_and_then_less_and_less_for_days()
    {
        var tries = new List<TimeSpan> { TimeSpan.Zero };
        while (RetrySchedule.Next(_start, tries.Count, _start + tries[^1], TimeSpan.FromDays(3)) is { } next)
        {
            Assert.True(next > _start + tries[^1] || tries[^1] == TimeSpan.FromDays(3), "A try comes after the one before.");
            tries.Add(next - _start);
        }

        var pauses = tries.Skip(1).Zip(tries, (next, last) => (last, pause: next - last)).ToList();
        Assert.InRange(tries[1], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.All(pauses.Where(one => one.last < TimeSpan.FromMinutes(10)), one => Assert.InRange(one.pause, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
        Assert.All(pauses, one => Assert.InRange(one.pause, TimeSpan.FromSeconds(1), TimeSpan.FromHours(4)));
        Assert.Contains(pauses, one => one.pause > TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromDays(3), tries[^1]);
        Assert.InRange(tries.Count, 25, 100);
    }
}
