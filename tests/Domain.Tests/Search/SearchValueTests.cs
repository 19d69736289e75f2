using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class SearchValueTests
{
    [Theory]
    [InlineData("male", null, "male")]
    [InlineData("http://s|male", "http://s", "male")]
    [InlineData("|male", "", "male")]
    [InlineData("http://s|", "http://s", null)]
    [InlineData(@"a\|b", null, "a|b")]
    [InlineData(@"http://s|a\,b\|c", "http://s", "a,b|c")]
    [InlineData(@"a\\", null, @"a\")]
    [InlineData(@"a\b", null, @"a\b")]
    [InlineData(@"a\", null, @"a\")]
    [InlineData("a$b", null, "a$b")]
    public void Tokens(string text, string? system, string? code) =>
        Assert.Equal(new TokenSearchValue(system, code), Searches.Value("Patient", $"identifier={text}"));

    [Theory]
    [InlineData("|")]
    [InlineData("a|b|c")]
    [InlineData("a||")]
    [InlineData("a,|")]
    public void Tokens_with_other_bars_are_refused(string text) => Refused("Patient", $"identifier={text}");

    [Theory]
    [InlineData("name=Ann", "Ann")]
    [InlineData(@"name=a\,b", "a,b")]
    [InlineData(@"name=a\$b|c\\d", @"a$b|c\d")]
    [InlineData("_profile=http://x/y|1.0", "http://x/y|1.0")]
    [InlineData("_source=urn:oid:1.2", "urn:oid:1.2")]
    public void Strings_and_uris(string text, string value) =>
        Assert.Equal(new StringSearchValue(value), Searches.Value("Patient", text));

    // 100, 100.00, 1e2 and 5.40e-3 are the specification's own examples (https://hl7.org/fhir/R4/search.html#number, #quantity).
    [Theory]
    [InlineData("5.40e-3", "0.00540", "0.005395", "0.005405")]
    [InlineData("5.40", "5.40", "5.395", "5.405")]
    [InlineData("100", "100", "99.5", "100.5")]
    [InlineData("100.00", "100.00", "99.995", "100.005")]
    [InlineData("1e2", "100", "95", "105")]
    [InlineData("1.0e2", "100", "95", "105")]
    [InlineData("1.00E+2", "100", "99.5", "100.5")]
    [InlineData("12e1", "120", "115", "125")]
    [InlineData("5.4e-3", "0.0054", "0.00535", "0.00545")]
    [InlineData("0", "0", "-0.5", "0.5")]
    [InlineData("0.0", "0", "-0.05", "0.05")]
    [InlineData("-2.5", "-2.5", "-2.55", "-2.45")]
    [InlineData("007", "7", "6.5", "7.5")]
    [InlineData("1e26", "100000000000000000000000000", "95000000000000000000000000", "105000000000000000000000000")]
    public void Numbers_stand_for_the_range_of_their_digits(string text, string value, string low, string high) =>
        Assert.Equal(
            new QuantitySearchValue(SearchPrefix.Eq, Decimal(value), Decimal(low), Decimal(high), null, null),
            Searches.Value("RiskAssessment", $"probability={text}"));

    [Theory]
    [InlineData("ap100", "90", "110")]
    [InlineData("ap-100", "-110", "-90")]
    [InlineData("ap1", "0.5", "1.5")]
    [InlineData("ap0.05", "0.045", "0.055")]
    public void About_a_number_is_a_tenth_to_both_sides_and_at_least_its_own_range(string text, string low, string high)
    {
        var value = Assert.IsType<QuantitySearchValue>(Searches.Value("RiskAssessment", $"probability={text}"));

        Assert.Equal((SearchPrefix.Ap, Decimal(low), Decimal(high)), (value.Prefix, value.Low, value.High));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1e")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("-")]
    [InlineData("1,x")]
    [InlineData("1_000")]
    [InlineData("1 ")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("1e27")]
    [InlineData("1e400")]
    [InlineData("1e-400")]
    [InlineData("1e99999999999")]
    [InlineData("1e-28")]
    [InlineData("1e 2")]
    [InlineData("79228162514264337593543950335")]
    [InlineData("1234567890123456789012345.678")]
    [InlineData("2.5|a|b")]
    [InlineData("٣")]
    public void Other_numbers_are_refused(string text) => Refused("RiskAssessment", $"probability=gt{text}");

    [Theory]
    [InlineData("", SearchPrefix.Eq)]
    [InlineData("eq", SearchPrefix.Eq)]
    [InlineData("ne", SearchPrefix.Ne)]
    [InlineData("gt", SearchPrefix.Gt)]
    [InlineData("lt", SearchPrefix.Lt)]
    [InlineData("ge", SearchPrefix.Ge)]
    [InlineData("le", SearchPrefix.Le)]
    [InlineData("sa", SearchPrefix.Sa)]
    [InlineData("eb", SearchPrefix.Eb)]
    public void Prefixes(string text, SearchPrefix prefix)
    {
        Assert.Equal(
            new QuantitySearchValue(prefix, 7m, 6.5m, 7.5m, "http://unitsofmeasure.org", "mg"),
            Assert.IsType<QuantitySearchValue>(Searches.Value("Observation", $"value-quantity={text}7|http://unitsofmeasure.org|mg")) with { InBaseUnits = null });
        Assert.Equal(new DateSearchValue(prefix, Range("2020-01-01", "2021-01-01")), Searches.Value("Patient", $"birthdate={text}2020"));
    }

    [Theory]
    [InlineData("Observation", "value-quantity=gt")]
    [InlineData("Observation", "value-quantity=gt||mg")]
    [InlineData("Observation", "value-quantity=GT5")]
    [InlineData("Observation", "date=ge")]
    [InlineData("Observation", "date=ge ")]
    [InlineData("Observation", "date=xx2020")]
    [InlineData("Observation", "date=ge2020,lt")]
    [InlineData("RiskAssessment", "probability=ap")]
    public void A_prefix_alone_or_unknown_is_refused(string type, string text) => Refused(type, text);

    [Theory]
    [InlineData("5.4", null, null)]
    [InlineData("5.4||mg", null, "mg")]
    [InlineData("5.4|http://u|", "http://u", null)]
    [InlineData("5.4||", null, null)]
    [InlineData(@"5.4|http://u|a\|b", "http://u", "a|b")]
    public void Quantities(string text, string? system, string? code) =>
        Assert.Equal(
            new QuantitySearchValue(SearchPrefix.Eq, 5.4m, 5.35m, 5.45m, system, code),
            Searches.Value("Observation", $"value-quantity={text}"));

    [Theory]
    [InlineData("5.4|mg")]
    [InlineData("5.4|a|b|c")]
    [InlineData("|http://u|mg")]
    [InlineData("mg")]
    public void Quantities_with_other_parts_are_refused(string text) => Refused("Observation", $"value-quantity={text}");

    [Theory]
    [InlineData("2020-02", "2020-02-01", "2020-03-01")]
    [InlineData("2020-02-29", "2020-02-29", "2020-03-01")]
    [InlineData("2020-02-29T10:30", "2020-02-29T10:30:00", "2020-02-29T10:31:00")]
    [InlineData("2020-02-29T10:30:15+02:00", "2020-02-29T08:30:15", "2020-02-29T08:30:16")]
    [InlineData("2020-02-29T10:30:15 02:00", "2020-02-29T08:30:15", "2020-02-29T08:30:16")]
    public void Dates(string text, string low, string high) =>
        Assert.Equal(new DateSearchValue(SearchPrefix.Eq, Range(low, high)), Searches.Value("Observation", $"date={text}"));

    [Theory]
    [InlineData("2021-02-29")]
    [InlineData("2020-13")]
    [InlineData("2020-00-01")]
    [InlineData("20200101")]
    [InlineData("0000")]
    [InlineData("2020-01-01T25:00")]
    [InlineData("today")]
    public void Impossible_dates_are_refused(string text) => Refused("Observation", $"date={text}");

    // Now is 2024-06-01. 2024-01-01 ends 151 days before it, 2024-07-01 begins 30 days after it.
    [Theory]
    [InlineData("ap2024-01-01", "2023-12-16T21:36:00", "2024-01-17T02:24:00")]
    [InlineData("ap2024-07-01", "2024-06-28", "2024-07-05")]
    [InlineData("ap2024", "2024-01-01", "2025-01-01")]
    [InlineData("ap2024-06-01", "2024-06-01", "2024-06-02")]
    public void About_a_date_is_a_tenth_of_the_time_between_it_and_now(string text, string low, string high) =>
        Assert.Equal(new DateSearchValue(SearchPrefix.Ap, Range(low, high)), Searches.Value("Observation", $"date={text}"));

    [Fact]
    public void About_the_ends_of_time_stays_within_it()
    {
        var first = Assert.IsType<DateSearchValue>(Searches.Value("Observation", "date=ap0001"));
        var last = Assert.IsType<DateSearchValue>(Searches.Value("Observation", "date=ap9999"));

        Assert.Equal(DateRange.Earliest, first.Range.Low);
        Assert.Equal(DateRange.Latest, last.Range.High);
        Assert.True(first.Range.High < last.Range.Low);
    }

    [Theory]
    [InlineData("subject=123", null, "123", null)]
    [InlineData("subject=Patient/123", "Patient", "123", null)]
    [InlineData("subject=Patient/123/_history/4", "Patient", "123", null)]
    [InlineData("subject=Slot/123", "Slot", "123", null)]
    [InlineData("subject:Patient=123", "Patient", "123", null)]
    [InlineData("subject:Patient=Patient/123", "Patient", "123", null)]
    [InlineData("subject:Slot=123", "Slot", "123", null)]
    [InlineData("patient=123", "Patient", "123", null)]
    [InlineData("patient=Group/123", "Group", "123", null)]
    [InlineData("subject=https://fhir.example.org/r4/Patient/123", "Patient", "123", null)]
    [InlineData("subject=https://fhir.example.org/r4/Patient/123/_history/1", "Patient", "123", null)]
    [InlineData("subject=https://fhir.example.org/r4x/Patient/123", null, null, "https://fhir.example.org/r4x/Patient/123")]
    [InlineData("subject=https://other.example.org/Patient/123/_history/1", null, null, "https://other.example.org/Patient/123")]
    [InlineData("subject=urn:uuid:c757873d-ec9a-4326-a141-556f43239520", null, null, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520")]
    public void References(string text, string? type, string? id, string? url) =>
        Assert.Equal(new ReferenceSearchValue(type, id, url), Searches.Value("Observation", text));

    [Fact]
    public void Canonicals() =>
        Assert.Equal(
            new ReferenceSearchValue(null, null, "http://example.org/q"),
            Searches.Value("QuestionnaireResponse", "questionnaire=http://example.org/q"));

    [Theory]
    [InlineData("subject=Nothing/123")]
    [InlineData("subject=patient/123")]
    [InlineData("subject=Patient/1 2")]
    [InlineData("subject=Patient/")]
    [InlineData("subject=/123")]
    [InlineData("subject=#a")]
    [InlineData("subject=a b")]
    [InlineData("subject=http:")]
    [InlineData("subject=://x")]
    [InlineData("subject:Patient=Group/1")]
    [InlineData("subject:Patient=https://fhir.example.org/r4/Group/1")]
    [InlineData("subject=http://example.org/q|1.0")]
    [InlineData(@"subject=http://example.org/q\|1.0")]
    public void What_is_no_reference_is_refused(string text) => Refused("Observation", text);

    [Fact]
    public void Composites_are_read_part_by_part()
    {
        var criterion = Assert.IsType<ValueCriterion>(
            Searches.Criterion("Observation", @"code-value-quantity=http://loinc.org|8480-6$gt100||mm[Hg],a\$b$1"));

        Assert.Equal<SearchValue>(
            [
                new TokenSearchValue("http://loinc.org", "8480-6"),
                new QuantitySearchValue(SearchPrefix.Gt, 100m, 99.5m, 100.5m, null, "mm[Hg]"),
            ],
            Parts(criterion.Values[0]));
        Assert.Equal<SearchValue>(
            [new TokenSearchValue(null, "a$b"), new QuantitySearchValue(SearchPrefix.Eq, 1m, 0.5m, 1.5m, null, null)],
            Parts(criterion.Values[1]));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a$")]
    [InlineData("$1")]
    [InlineData("a$1$2")]
    [InlineData("a$b")]
    [InlineData(@"a\$1")]
    public void Composites_with_other_parts_are_refused(string text) => Refused("Observation", $"code-value-quantity={text}");

    private static ImmutableArray<SearchValue> Parts(SearchValue value) => Assert.IsType<CompositeSearchValue>(value).Parts;

    private static void Refused(string type, string text) =>
        Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused(type, text).Status);

    private static decimal Decimal(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static DateRange Range(string low, string high) => new(Ticks(low), Ticks(high));

    private static long Ticks(string text) =>
        DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal).Ticks;
}
