namespace TeleFhir.Domain.Subscriptions;

/// <summary>
/// When a delivery that failed is tried again: within seconds at first, then after twice as long each time, but at least every minute in the
/// first ten minutes, and at last every few hours.
/// </summary>
public static class RetrySchedule
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan _early = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _longest = TimeSpan.FromHours(4);

    /// <summary>The time of the next try; null where there is none, since it has failed for too long.</summary>
    /// <param name="firstFailure">When the first try of this delivery failed.</param>
    /// <param name="failures">How many tries have failed, this one counted.</param>
    /// <param name="now">Now.</param>
    /// <param name="giveUpAfter">For so long it is tried.</param>
    public static DateTimeOffset? Next(DateTimeOffset firstFailure, int failures, DateTimeOffset now, TimeSpan giveUpAfter)
    {
        var failing = now - firstFailure;
        if (failing >= giveUpAfter)
        {
            return null;
        }

        var pause = failing < _early ? Doubled(_first, failures - 1, _soon)
            : Doubled(_soon, (int)Math.Log2(Math.Max(1, failing / _early)) + 1, _longest);

        // The last try comes when the time is over, and not long after.
        var last = firstFailure + giveUpAfter;
        return now + pause < last ? now + pause : last;
    }

    private static TimeSpan Doubled(TimeSpan pause, int times, TimeSpan longest)
    {
        var doubled = pause * Math.Pow(2, Math.Clamp(times, 0, 30));
        return doubled < longest ? doubled : longest;
    }
}
