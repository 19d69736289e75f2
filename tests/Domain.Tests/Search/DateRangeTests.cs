using System.Globalization;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class DateRangeTests
{
    [Theory]
    [InlineData("2020", "2020-01-01T00:00:00", "2021-01-01T00:00:00")]
    [InlineData("2024-02", "2024-02-01T00:00:00", "2024-03-01T00:00:00")]
    [InlineData("2024-12", "2024-12-01T00:00:00", "2025-01-01T00:00:00")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00")]
    [InlineData("2024-05-01T09:30", "2024-05-01T09:30:00", "2024-05-01T09:31:00")]
    [InlineData("2024-05-01T09:30:15", "2024-05-01T09:30:15", "2024-05-01T09:30:16")]
    [InlineData("2024-05-01T09:30:15Z", "2024-05-01T09:30:15", "2024-05-01T09:30:16")]
    [InlineData("2024-05-01T09:30:15+02:00", "2024-05-01T07:30:15", "2024-05-01T07:30:16")]
    [InlineData("2024-05-01T09:30:15 02:00", "2024-05-01T07:30:15", "2024-05-01T07:30:16")]
    [InlineData("2024-05-01T23:30:15-05:30", "2024-05-02T05:00:15", "2024-05-02T05:00:16")]
    [InlineData("2024-05-01T09:30:15.5Z", "2024-05-01T09:30:15.5", "2024-05-01T09:30:15.6")]
    [InlineData("2024-05-01T09:30:15.123Z", "2024-05-01T09:30:15.123", "2024-05-01T09:30:15.124")]
    [InlineData("2024-05-01T09:30:15.1234567Z", "2024-05-01T09:30:15.1234567", "2024-05-01T09:30:15.1234568")]
    [InlineData("2024-05-01T09:30:15.123456789Z", "2024-05-01T09:30:15.1234567", "2024-05-01T09:30:15.1234568")]
    [InlineData("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "2017-01-01T00:00:00")]
    public void A_value_is_the_range_of_its_precision(string text, string low, string high)
    {
        Assert.True(DateRange.TryParse(text, out var range));
        Assert.Equal(new DateRange(Ticks(low), Ticks(high)), range);
    }

    [Theory]
    [InlineData("9999")]
    [InlineData("9999-12")]
    public void The_end_of_time_is_open(string text)
    {
        Assert.True(DateRange.TryParse(text, out var range));
        Assert.Equal(DateRange.Latest, range.High);
    }

    [Theory]
    [InlineData("0001")]
    [InlineData("0001-01-01")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    public void The_start_of_time_is_above_zero_and_no_range_is_empty(string text)
    {
        Assert.True(DateRange.TryParse(text, out var range));
        Assert.Equal(DateRange.Earliest, range.Low);
        Assert.True(range.High > range.Low);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("202")]
    [InlineData("0000")]
    [InlineData("20200")]
    [InlineData("2020-")]
    [InlineData("2020-1")]
    [InlineData("2020-13")]
    [InlineData("2020-00")]
    [InlineData("2020-02-30")]
    [InlineData("2023-02-29")]
    [InlineData("2020-01-01T")]
    [InlineData("2020-01-01T10")]
    [InlineData("2020-01-01T24:00:00Z")]
    [InlineData("2020-01-01T10:60Z")]
    [InlineData("2020-01-01T10:00:61Z")]
    [InlineData("2020-01-01T10:00:00.Z")]
    [InlineData("2020-01-01T10:00:00+15:00")]
    [InlineData("2020-01-01T10:00:00+0200")]
    [InlineData("2020-01-01T10:00:00z")]
    [InlineData("2020-01-01 10:00:00Z")]
    [InlineData("+020")]
    [InlineData("２０２０")]
    [InlineData("2020-01-01T10:00:00Zjunk")]
    public void What_is_no_date_is_refused(string? text) => Assert.False(DateRange.TryParse(text, out _));

    private static long Ticks(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.None).Ticks;
}
