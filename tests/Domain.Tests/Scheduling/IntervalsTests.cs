using NodaTime;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class IntervalsTests
{
    [Theory]
    [InlineData("0-10", "", "0-10")]
    [InlineData("0-10", "3-5", "0-3 5-10")]
    [InlineData("0-10", "0-3 3-5 9-12", "5-9")]
    [InlineData("0-5 5-10", "4-6", "0-4 6-10")]
    [InlineData("0-10", "0-10", "")]
    [InlineData("0-10", "10-20", "0-10")]
    [InlineData("0-10", "5-5", "0-10")]
    [InlineData("8-9 0-3 2-6", "1-2", "0-1 2-6 8-9")]
    public void Busy_time_is_taken_from_open_time(string open, string busy, string left)
    {
        Assert.Equal(left, string.Join(' ', Intervals.Subtract(Read(open), Read(busy)).Select(Write)));
    }

    [Theory]
    [InlineData("0-5", "5-10", false)]
    [InlineData("0-6", "5-10", true)]
    [InlineData("0-10", "3-3", false)]
    [InlineData("3-4", "0-10", true)]
    public void What_touches_does_not_overlap(string one, string other, bool overlaps)
    {
        Assert.Equal(overlaps, Read(one)[0].Overlaps(Read(other)[0]));
        Assert.Equal(overlaps, Read(other)[0].Overlaps(Read(one)[0]));
    }

    private static List<Interval> Read(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('-'))
            .Select(bounds => new Interval(At(bounds[0]), At(bounds[1]))),
    ];

    private static Instant At(string seconds) => Instant.FromUnixTimeSeconds(long.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture));

    private static string Write(Interval interval) => $"{interval.Start.ToUnixTimeSeconds()}-{interval.End.ToUnixTimeSeconds()}";
}
