using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using Period = Hl7.Fhir.Model.Period;

namespace TeleFhir.Domain.Tests.Monitoring;

/// <summary>Days are the patient's, windows have thirty of them, and what speaks for which code depends on the year.</summary>
public sealed class AdherenceReportTests
{
    private static readonly ResourceKey _cuff = new("Device", "cuff");
    private static readonly DateTimeZone _zone = DateTimeZoneProviders.Tzdb["America/New_York"];

    [Theory]
    [InlineData(0, 0, false, "2026-01-30", "")]
    [InlineData(1, 0, false, "2026-01-30", "")]
    [InlineData(2, 0, false, "2026-01-30", "99445")]
    [InlineData(15, 0, false, "2026-01-30", "99445")]
    [InlineData(16, 0, false, "2026-01-30", "99454")]
    [InlineData(30, 0, false, "2026-01-30", "99454")]
    [InlineData(15, 0, false, "2025-12-31", "")]
    [InlineData(16, 0, false, "2025-12-31", "99454")]
    [InlineData(0, 9, true, "2026-01-30", "")]
    [InlineData(0, 10, true, "2026-01-30", "99470")]
    [InlineData(0, 19, true, "2026-01-30", "99470")]
    [InlineData(0, 19, true, "2025-12-31", "")]
    [InlineData(0, 20, true, "2026-01-30", "99457")]
    [InlineData(0, 39, true, "2026-01-30", "99457")]
    [InlineData(0, 40, true, "2026-01-30", "99457 99458")]
    [InlineData(16, 40, false, "2026-01-30", "99454")]
    public void Codes_come_into_question_by_days_minutes_contact_and_date(int days, int minutes, bool hadContact, string day, string codes) => Assert.Equal(
        codes, string.Join(' ', BillingCodes.Candidates(days, minutes, hadContact, DateOnly.Parse(day, null)).Select(code => code.Code).Order(StringComparer.Ordinal)));

    [Fact]
    public void A_day_is_one_of_the_patients_zone_and_counts_once()
    {
        var report = new AdherenceReport(new(2026, 1, 1), new(2026, 1, 30), _zone);
        report.AddReading(_cuff, At("2026-01-02T04:59:00Z"));
        report.AddReading(_cuff, At("2026-01-01T05:00:00Z"));
        report.AddReading(_cuff, At("2026-01-02T05:00:00Z"));
        report.AddReading(_cuff, At("2026-01-01T04:59:00Z"));
        report.AddReading(_cuff, At("2026-01-31T04:59:00Z"));
        report.AddReading(_cuff, At("2026-01-31T05:00:00Z"));

        Assert.Equal(3, Assert.Single(report.Windows()).Days);
    }

    [Fact]
    public void Windows_follow_each_other_and_the_last_may_be_short()
    {
        var report = new AdherenceReport(new(2026, 1, 1), new(2026, 2, 1), _zone);
        report.AddDevice(new("Device", "scale"));
        report.AddReading(_cuff, At("2026-01-30T12:00:00Z"));
        report.AddReading(_cuff, At("2026-01-31T12:00:00Z"));
        report.AddReading(_cuff, At("2026-02-01T12:00:00Z"));

        Assert.Equal(
            ["cuff 2026-01-01 2026-01-30 1", "scale 2026-01-01 2026-01-30 0", "cuff 2026-01-31 2026-02-01 2", "scale 2026-01-31 2026-02-01 0"],
            report.Windows().Select(window => $"{window.Device.Id} {window.Start:yyyy-MM-dd} {window.End:yyyy-MM-dd} {window.Days}"));
    }

    [Fact]
    public void Reviews_add_up_and_contacts_count_by_their_day()
    {
        var report = new AdherenceReport(new(2026, 1, 1), new(2026, 3, 1), _zone);
        report.AddDevice(_cuff);
        report.AddReview(new Period { Start = "2026-01-05T12:00:00Z", End = "2026-01-05T12:06:30Z" });
        report.AddReview(new Period { Start = "2026-01-06T12:00:00Z", End = "2026-01-06T12:03:45Z" });
        report.AddReview(new Period { Start = "2026-01-07T12:00:00Z" });
        report.AddReview(new Period { Start = "2026-02-07T12:00:00Z", End = "2026-02-07T12:59:59Z" });
        report.AddReview(null);
        report.AddContact(new Communication { Sent = "2026-01-31T04:59:00Z" });
        report.AddContact(new Communication { Received = "2026-02-20T12:00:00Z" });
        report.AddContact(new Communication());

        Assert.Equal([(10, 1), (59, 1)], report.Windows().Select(window => (window.ReviewMinutes, window.Contacts)));
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, null);
}
