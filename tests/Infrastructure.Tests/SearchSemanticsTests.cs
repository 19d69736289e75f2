using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// Each prefix with each precision and each shape of value (https://hl7.org/fhir/R4/search.html#prefix), and the forms of tokens, URIs
/// and canonicals. The sets are worked out by hand: of dates with the ranges that stand beside them, half-open and in UTC.
/// </summary>
public sealed class SearchSemanticsTests(SearchSemanticsTests.Fixture fixture) : IClassFixture<SearchSemanticsTests.Fixture>
{
    private static readonly string[] _numbers = ["-5", "0", "95", "99.5", "100", "100.4", "100.5", "104.9", "105"];

    // Ids say what the value is; the date of "none" is missing.
    private static readonly string[] _resources =
    [
        Observation("y", """ "effectiveDateTime":"2024" """),                        // 2024-01-01 to 2025-01-01
        Observation("m", """ "effectiveDateTime":"2024-05" """),                     // 2024-05-01 to 2024-06-01
        Observation("d", """ "effectiveDateTime":"2024-05-15" """),                  // 2024-05-15 to 2024-05-16
        Observation("s", """ "effectiveDateTime":"2024-05-15T06:00:00-04:00" """),   // 10:00:00 to 10:00:01
        Observation("f", """ "effectiveInstant":"2024-05-15T10:00:00.250Z" """),     // 10:00:00.250 to 10:00:00.251
        Observation("p", """ "effectivePeriod":{"start":"2024-05-10","end":"2024-05-20"} """), // 2024-05-10 to 2024-05-21
        Observation("a", """ "effectivePeriod":{"start":"2024-05-15"} """),          // 2024-05-15 to the end of time
        Observation("b", """ "effectivePeriod":{"end":"2024-05-15"} """),            // the beginning of time to 2024-05-16
        Observation("none", """ "issued":"2024-05-15T10:00:00Z" """),
        .. _numbers.Select(number =>
            $$"""{"resourceType":"RiskAssessment","id":"{{Named(number)}}","status":"final","subject":{"reference":"Patient/x"},"prediction":[{"probabilityDecimal":{{number}}}]}"""),
        .. _numbers.Select(number => Observation(
            $"q{Named(number)}", $$""" "valueQuantity":{"value":{{number}},"unit":"degrees","system":"http://unitsofmeasure.org","code":"Cel"} """)),
        """
        {"resourceType":"Condition","id":"t1","subject":{"reference":"Patient/x"},"code":{"coding":[{"system":"urn:a","code":"One"},{"system":"urn:b","code":"two"}]} }
        """,
        """{"resourceType":"Condition","id":"t2","subject":{"reference":"Patient/x"},"code":{"coding":[{"code":"One"},{"system":"urn:a"}]} }""",
        """{"resourceType":"Condition","id":"t3","subject":{"reference":"Patient/x"},"code":{"coding":[{"system":"urn:c","code":"one"}]} }""",
        """{"resourceType":"Condition","id":"t4","subject":{"reference":"Patient/x"},"code":{"text":"One"} }""",
        """{"resourceType":"Questionnaire","id":"u1","status":"active","url":"http://a.example/fhir"}""",
        """{"resourceType":"Questionnaire","id":"u2","status":"active","url":"http://a.example/fhir/Q/1"}""",
        """{"resourceType":"Questionnaire","id":"u3","status":"active","url":"http://a.example/FHIR/Q/1"}""",
        """{"resourceType":"Questionnaire","id":"u4","status":"active","url":"urn:oid:1.2.30"}""",
        """{"resourceType":"QuestionnaireResponse","id":"c1","status":"completed","questionnaire":"http://a.example/fhir/Q/1|2.0"}""",
        """{"resourceType":"QuestionnaireResponse","id":"c2","status":"completed","questionnaire":"http://a.example/fhir/Q/1"}""",
    ];

    // A date as it is asked for, then what each prefix finds. What is not named finds nothing.
    private const string Dates = """
        2024                      eq y m d s f p, ne a b, gt a, lt b, ge y m d s f p a, le y m d s f p b
        2024-05                   eq m d s f p, ne y a b, gt y a, lt y b, ge y m d s f p a, le y m d s f p b
        2024-05-15                eq d s f, ne y m p a b, gt y m p a, lt y m p b, ge y m d s f p a, le y m d s f p b
        2024-05-15T10:00Z         eq s f, ne y m d p a b, gt y m d p a b, lt y m d p a b, ge y m d s f p a b, le y m d s f p a b
        2024-05-15T10:00:00Z      eq s f, ne y m d p a b, gt y m d p a b, lt y m d p a b, ge y m d s f p a b, le y m d s f p a b
        2024-05-15T12:00:00+02:00 eq s f, ne y m d p a b, gt y m d p a b, lt y m d p a b, ge y m d s f p a b, le y m d s f p a b
        2024-05-15T10:00:00.250Z  eq f, ne y m d s p a b, gt y m d s p a b, lt y m d s p a b, ge y m d s f p a b, le y m d s f p a b
        2023                      ne y m d s f p a b, gt y m d s f p a b, lt b, ge y m d s f p a b, le b, sa y m d s f p a
        2025                      ne y m d s f p a b, gt a, lt y m d s f p a b, ge a, le y m d s f p a b, eb y m d s f p b
        2024-04                   ne y m d s f p a b, gt y m d s f p a b, lt y b, ge y m d s f p a b, le y b, sa m d s f p a
        2024-06                   ne y m d s f p a b, gt y a, lt y m d s f p a b, ge y a, le y m d s f p a b, eb m d s f p b
        2024-05-14                ne y m d s f p a b, gt y m d s f p a b, lt y m p b, ge y m d s f p a b, le y m p b, sa d s f a
        2024-05-16                ne y m d s f p a b, gt y m p a, lt y m d s f p a b, ge y m p a, le y m d s f p a b, eb d s f b
        2024-05-15T09:59Z         ne y m d s f p a b, gt y m d s f p a b, lt y m d p a b, ge y m d s f p a b, le y m d p a b, sa s f
        2024-05-15T10:01Z         ne y m d s f p a b, gt y m d p a b, lt y m d s f p a b, ge y m d p a b, le y m d s f p a b, eb s f
        2024-05-15T09:59:59Z      ne y m d s f p a b, gt y m d s f p a b, lt y m d p a b, ge y m d s f p a b, le y m d p a b, sa s f
        2024-05-15T10:00:01Z      ne y m d s f p a b, gt y m d p a b, lt y m d s f p a b, ge y m d p a b, le y m d s f p a b, eb s f
        2024-05-15T10:00:00.249Z  ne y m d s f p a b, gt y m d s f p a b, lt y m d s p a b, ge y m d s f p a b, le y m d s p a b, sa f
        2024-05-15T10:00:00.251Z  ne y m d s f p a b, gt y m d s p a b, lt y m d s f p a b, ge y m d s p a b, le y m d s f p a b, eb f
        """;

    // The digits of a number say how exact it is; 1e2 is from 95 to 105, as the specification says. The other prefixes take it as written.
    private const string Numbers = """
        100   eq n99.5 n100 n100.4, ne neg zero n95 n100.5 n104.9 n105, ap n95 n99.5 n100 n100.4 n100.5 n104.9 n105, gt n100.4 n100.5 n104.9 n105, ge n100 n100.4 n100.5 n104.9 n105, lt neg zero n95 n99.5, le neg zero n95 n99.5 n100, sa n100.4 n100.5 n104.9 n105, eb neg zero n95 n99.5
        100.0 eq n100, ne neg zero n95 n99.5 n100.4 n100.5 n104.9 n105, ap n95 n99.5 n100 n100.4 n100.5 n104.9 n105, gt n100.4 n100.5 n104.9 n105, ge n100 n100.4 n100.5 n104.9 n105, lt neg zero n95 n99.5, le neg zero n95 n99.5 n100, sa n100.4 n100.5 n104.9 n105, eb neg zero n95 n99.5
        1e2   eq n95 n99.5 n100 n100.4 n100.5 n104.9, ne neg zero n105, ap n95 n99.5 n100 n100.4 n100.5 n104.9 n105, gt n100.4 n100.5 n104.9 n105, ge n100 n100.4 n100.5 n104.9 n105, lt neg zero n95 n99.5, le neg zero n95 n99.5 n100, sa n100.4 n100.5 n104.9 n105, eb neg zero n95 n99.5
        100.4 eq n100.4, ne neg zero n95 n99.5 n100 n100.5 n104.9 n105, ap n95 n99.5 n100 n100.4 n100.5 n104.9 n105, gt n100.5 n104.9 n105, ge n100.4 n100.5 n104.9 n105, lt neg zero n95 n99.5 n100, le neg zero n95 n99.5 n100 n100.4, sa n100.5 n104.9 n105, eb neg zero n95 n99.5 n100
        -5    eq neg, ne zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, ap neg, gt zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, ge neg zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, le neg, sa zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105
        -4    ne neg zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, gt zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, ge zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, lt neg, le neg, sa zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, eb neg
        0     eq zero, ne neg n95 n99.5 n100 n100.4 n100.5 n104.9 n105, ap zero, gt n95 n99.5 n100 n100.4 n100.5 n104.9 n105, ge zero n95 n99.5 n100 n100.4 n100.5 n104.9 n105, lt neg, le neg zero, sa n95 n99.5 n100 n100.4 n100.5 n104.9 n105, eb neg
        """;

    private const string Others = """
        Condition?code=One -> t1 t2
        Condition?code=one -> t3
        Condition?code=urn:a|One -> t1
        Condition?code=urn:b|One ->
        Condition?code=|One -> t2
        Condition?code=urn:a| -> t1 t2
        Condition?code=urn:b| -> t1
        Condition?code=URN:A| ->
        Condition?code=|two ->
        Condition?code=urn:a|two ->
        Condition?code=urn:a|One,urn:c|one -> t1 t3
        Condition?code=One&code=two -> t1
        Condition?code:not=One -> t3 t4
        Condition?code:not=|One -> t1 t3 t4
        Condition?code:not=urn:a| -> t3 t4
        Condition?code:not=One,one -> t4
        Condition?code:missing=true -> t4
        Condition?code:text=one -> t4
        Questionnaire?url=http://a.example/fhir -> u1
        Questionnaire?url=http://a.example/fhir/ ->
        Questionnaire?url=http://a.example/FHIR ->
        Questionnaire?url=HTTP://a.example/fhir ->
        Questionnaire?url:below=http://a.example/fhir -> u1 u2
        Questionnaire?url:below=http://a.example/fhir/Q -> u2
        Questionnaire?url:below=http://a.example -> u1 u2 u3
        Questionnaire?url:below=urn:oid:1.2 -> u4
        Questionnaire?url:above=http://a.example/fhir/Q/1 -> u1 u2
        Questionnaire?url:above=http://a.example/fhir/Q/12 -> u1
        Questionnaire?url:above=http://a.example/FHIR/Q/1/x -> u3
        Questionnaire?url:above=urn:oid:1.2.30.4 -> u4
        QuestionnaireResponse?questionnaire=http://a.example/fhir/Q/1 -> c1 c2
        Observation?value-quantity=-5|http://unitsofmeasure.org|Cel -> qneg
        Observation?value-quantity=23|http://unitsofmeasure.org|[degF] -> qneg
        Observation?value-quantity=lt-4|http://unitsofmeasure.org|Cel -> qneg
        Observation?value-quantity=lt25|http://unitsofmeasure.org|[degF] -> qneg
        Observation?value-quantity=lt273|http://unitsofmeasure.org|K -> qneg
        Observation?value-quantity=-5||degrees -> qneg
        Observation?value-quantity=-5||none ->
        Observation?date=ap2024-05-15&date:missing=false&value-quantity:missing=true -> y m d s f p a b
        Observation?date=ap2024-06-20T00:00:00Z -> y a
        """;

    public static TheoryData<DatabaseProvider, string> DateRows { get; } = Rows(Dates, ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"], "Observation?date={0}");

    public static TheoryData<DatabaseProvider, string> NumberRows { get; } =
        Rows(Numbers, ["eq", "ne", "ap", "gt", "lt", "ge", "le", "sa", "eb"], "RiskAssessment?probability={0}");

    public static TheoryData<DatabaseProvider, string> QuantityRows { get; } = Rows(
        Numbers.Replace(" n", " qn", StringComparison.Ordinal).Replace(" qne ", " ne ", StringComparison.Ordinal).Replace(" zero", " qzero", StringComparison.Ordinal),
        ["eq", "ne", "ap", "gt", "lt", "ge", "le", "sa", "eb"],
        "Observation?value-quantity={0}");

    public static TheoryData<DatabaseProvider, string> OtherRows { get; } = [.. On(Others.Split('\n', StringSplitOptions.TrimEntries))];

    [Theory, MemberData(nameof(DateRows))]
    public Task A_date_of_each_precision_is_compared_by_each_prefix(DatabaseProvider provider, string line) => FindsAsync(provider, line);

    [Theory, MemberData(nameof(NumberRows))]
    public Task A_number_is_compared_by_each_prefix(DatabaseProvider provider, string line) => FindsAsync(provider, line);

    [Theory, MemberData(nameof(QuantityRows))]
    public Task A_quantity_is_compared_as_a_number_is(DatabaseProvider provider, string line) => FindsAsync(provider, line);

    [Theory, MemberData(nameof(OtherRows))]
    public Task Tokens_uris_and_canonicals_are_compared_as_written(DatabaseProvider provider, string line) => FindsAsync(provider, line);

    private async Task FindsAsync(DatabaseProvider provider, string line)
    {
        var arrow = line.LastIndexOf(" ->", StringComparison.Ordinal);
        var store = await fixture.StoreAsync(provider);
        var found = await store.IdsAsync(line[..arrow]);
        Assert.Equal(line[(arrow + 3)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    // A row and a prefix make a search; eq is also what no prefix means.
    private static TheoryData<DatabaseProvider, string> Rows(string table, string[] prefixes, string search) =>
    [
        .. On(
            from row in table.Split('\n', StringSplitOptions.TrimEntries)
            let space = row.IndexOf(' ', StringComparison.Ordinal)
            let sets = row[space..].Split(',', StringSplitOptions.TrimEntries).ToDictionary(set => set[..2], set => set[2..])
            from prefix in prefixes.Append("")
            let ids = sets.GetValueOrDefault(prefix.Length == 0 ? "eq" : prefix, "")
            select $"{search.Replace("{0}", prefix + row[..space], StringComparison.Ordinal)} ->{ids}"),
    ];

    private static IEnumerable<TheoryDataRow<DatabaseProvider, string>> On(IEnumerable<string> lines) =>
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from line in lines
        select new TheoryDataRow<DatabaseProvider, string>(provider, line);

    private static string Named(string number) => number switch { "-5" => "neg", "0" => "zero", _ => $"n{number}" };

    private static string Observation(string id, string member) =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},{{member}}}""";

    /// <summary>One store for each database, filled when a test first asks. A hundred days have passed since the 16th of May 2024.</summary>
    public sealed class Fixture : FilledStores
    {
        protected override Task<TestStore> FillAsync(DatabaseProvider provider) =>
            WithAsync(provider, _resources, new SetClock(new DateTimeOffset(2024, 8, 24, 0, 0, 0, TimeSpan.Zero)));
    }
}
