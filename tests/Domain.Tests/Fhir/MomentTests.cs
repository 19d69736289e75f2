using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

/// <summary>What times mean.</summary>
public sealed class MomentTests
{
    [Theory]
    [InlineData(null, null, true)]
    [InlineData("2026-06-15", null, true)]
    [InlineData("2026-06-16", null, false)]
    [InlineData(null, "2026-06-15", true)]
    [InlineData(null, "2026-06-14", false)]
    [InlineData(null, "2026-06", true)]
    [InlineData(null, "2026-05", false)]
    [InlineData("2026", "2026", true)]
    [InlineData("2027", null, false)]
    [InlineData(null, "2026-06-15T09:00:00Z", false)]
    [InlineData("2026-06-15T09:00:00Z", "2026-06-15T09:00:01Z", true)]
    [InlineData("2026-06-15T11:00:00+02:00", null, true)]
    [InlineData("soon", null, false)]
    [InlineData(null, "9999", true)]
    public void A_period_ends_with_the_day_month_or_year_that_it_names(string? start, string? end, bool covers) =>
        Assert.Equal(covers, Moment.Covers(new Period { Start = start, End = end }, new DateTimeOffset(2026, 6, 15, 9, 0, 0, TimeSpan.Zero)));
}
