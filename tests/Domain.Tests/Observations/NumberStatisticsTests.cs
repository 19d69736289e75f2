using TeleFhir.Domain.Observations;

namespace TeleFhir.Domain.Tests.Observations;

public sealed class NumberStatisticsTests
{
    // 2 4 4 4 5 5 7 9: mean 5, sum of squares 32.
    private static readonly NumberStatistics _numbers = new([9, 2, 5, 4, 7, 4, 5, 4], total: 10);

    [Theory]
    [InlineData("count", 8)]
    [InlineData("total-count", 10)]
    [InlineData("sum", 40)]
    [InlineData("average", 5)]
    [InlineData("minimum", 2)]
    [InlineData("maximum", 9)]
    [InlineData("median", 4.5)]
    [InlineData("4-lower", 4)]
    [InlineData("4-upper", 5.5)]
    [InlineData("4-dev", 0.75)]
    [InlineData("20-percent", 4)]
    [InlineData("80-percent", 6.2)]
    [InlineData("5-1", 4)]
    [InlineData("5-2", 4)]
    [InlineData("5-3", 5)]
    [InlineData("5-4", 6.2)]
    [InlineData("variance", 4.571429)]
    [InlineData("std-dev", 2.13809)]
    [InlineData("skew", 0.65625)]
    [InlineData("kurtosis", 2.78125)]
    public void Each_statistic_is_what_its_name_says(string code, double expected) => Assert.Equal(expected, (double)_numbers.Of(code)!.Value, 5);

    [Fact]
    public void What_too_few_or_too_large_numbers_do_not_give_is_none()
    {
        var none = new NumberStatistics([], total: 0);
        Assert.Equal((0m, null, null, null), (none.Of("count"), none.Of("average"), none.Of("median"), none.Of("skew")));
        Assert.Equal((7m, null), (new NumberStatistics([7], 1).Of("median"), new NumberStatistics([7], 1).Of("variance")));
        Assert.Null(new NumberStatistics([decimal.MaxValue, decimal.MaxValue], 2).Of("sum"));
        Assert.Null(new NumberStatistics([3, 3, 3], 3).Of("kurtosis"));
        Assert.False(NumberStatistics.IsKnown("regression"));
    }
}
