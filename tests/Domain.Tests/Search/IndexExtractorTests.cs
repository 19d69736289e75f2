using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>What each data type is turned into; which elements are read is the concern of <see cref="IndexParityTests"/>.</summary>
public sealed class IndexExtractorTests
{
    private const string Loinc = "http://loinc.org";

    private static readonly SearchParameterCatalog _catalog = SearchParameterCatalog.R4;
    private static readonly IndexExtractor _extractor = new(_catalog);

    [Fact]
    public void Codes_carry_the_system_of_their_binding_and_booleans_none()
    {
        Assert.Equal(["http://hl7.org/fhir/administrative-gender|female"], Tokens(HandWritten.Person, "gender"));
        Assert.Equal(["|true"], Tokens(HandWritten.Person, "active"));
        Assert.Equal(["|true"], Tokens(HandWritten.Person, "deceased"));
        Assert.Equal(["urn:mrn|7", "urn:empty|"], Tokens(HandWritten.Person, "identifier"));
        Assert.Equal(["phone|555", "email|a@b.c", "|999"], Tokens(HandWritten.Person, "telecom"));
        Assert.Equal(["email|a@b.c"], Tokens(HandWritten.Person, "email"));
    }

    [Fact]
    public void Codings_without_a_code_and_repeated_ones_have_no_row()
    {
        Assert.Equal([$"{Loinc}|85354-9"], Tokens(HandWritten.BloodPressure, "code"));
        Assert.Equal(["urn:t|home"], Tokens(HandWritten.BloodPressure, "_tag"));
        Assert.Empty(Tokens(HandWritten.TextOnly, "code"));
    }

    [Fact]
    public void Many_repeated_values_are_still_distinct()
    {
        var patient = new Patient();
        patient.Identifier.AddRange(Enumerable.Range(0, 5_000).Select(number => new Identifier("urn:s", $"{number % 500}")));
        Assert.Equal(500, _extractor.Extract(patient).Tokens.Count(row => row.System == "urn:s"));
    }

    [Fact]
    public void References_lose_their_version_and_keep_the_rest()
    {
        Assert.Equal(["Patient Patient/p1"], References(HandWritten.BloodPressure, "subject"));
        Assert.Equal(["Media https://other.org/fhir/Media/m1"], References(HandWritten.BloodPressure, "derived-from"));
        Assert.Equal([" urn:uuid:6a1f7a3e-0000-4000-8000-000000000001"], References(HandWritten.Person, "general-practitioner"));
        Assert.Equal(
            ["Patient Patient/p1", "Practitioner https://other.org/fhir/Practitioner/d1", "Location urn:oid:1.2.3"],
            References(HandWritten.Visit, "actor"));
        Assert.Equal(["Library http://x.org/Library/m"], References(HandWritten.Library, "depends-on"));
        Assert.Empty(References(HandWritten.Library, "successor"));
        Assert.Equal(["Composition Composition/c"], References(HandWritten.Collection, "composition"));
    }

    [Theory]
    [InlineData("Nonsense/1", null, "Nonsense/1")]
    [InlineData("Patient?identifier=s|v", null, "Patient?identifier=s|v")]
    [InlineData("fhir/Patient/1", null, "fhir/Patient/1")]
    [InlineData("Patient/", null, "Patient/")]
    [InlineData("/", null, "/")]
    [InlineData("Patient/a b", null, "Patient/a b")]
    [InlineData("Patient/1/_history/", "Patient", "Patient/1")]
    [InlineData("http://a.org/x/Patient/1", "Patient", "http://a.org/x/Patient/1")]
    [InlineData("http://a.org/x", null, "http://a.org/x")]
    [InlineData("http://Patient/1", "Patient", "http://Patient/1")]
    public void Any_text_is_a_reference_of_some_kind(string text, string? type, string target)
    {
        var values = _extractor.Extract(new Observation { Subject = new ResourceReference(text) });
        var row = Assert.Single(values.References);
        Assert.Equal((type, target), (row.TargetType, row.Target));
    }

    [Fact]
    public void An_identifier_of_a_reference_is_a_token_of_its_parameter()
    {
        Assert.Equal(["urn:mrn|7"], Tokens(HandWritten.BloodPressure, "subject"));
        Assert.Equal(["|7"], Tokens(HandWritten.TextOnly, "subject"));
        Assert.Empty(References(HandWritten.TextOnly, "subject"));
    }

    [Fact]
    public void Dates_are_ranges_and_open_periods_are_open()
    {
        Assert.Equal(["2024-03-01T08:00:00", "2024-03-02T00:00:00"], Range(HandWritten.BloodPressure, "date"));
        Assert.Equal(["2024-01-02T00:00:00", "2024-01-06T00:00:00"], Range(HandWritten.TextOnly, "date"));
        Assert.Equal(["1970-06-01T00:00:00", "1970-07-01T00:00:00"], Range(HandWritten.Person, "birthdate"));
        var ongoing = _extractor.Extract(new Encounter { Period = new Period { Start = "2024" } });
        Assert.Equal(DateRange.Latest, Assert.Single(ongoing.Dates).High);
        var ended = _extractor.Extract(new Encounter { Period = new Period { End = "2024" } });
        Assert.Equal(DateRange.Earliest, Assert.Single(ended.Dates).Low);
        Assert.Empty(_extractor.Extract(new Encounter { Period = new Period() }).Dates);
        Assert.Empty(_extractor.Extract(new Patient { BirthDate = "1970-13" }).Dates);
        var reversed = Assert.Single(_extractor.Extract(new Encounter { Period = new Period { Start = "2024", End = "2020" } }).Dates);
        Assert.True(reversed.Low < reversed.High);
        var timing = new Timing { Repeat = new Timing.RepeatComponent { Bounds = new Period { Start = "2024-01-01", End = "2024-01-02" } } };
        var bounded = Assert.Single(_extractor.Extract(new Observation { Effective = timing }).Dates);
        Assert.Equal(2 * TimeSpan.TicksPerDay, bounded.High - bounded.Low);
    }

    [Fact]
    public void Quantities_keep_value_system_code_and_unit()
    {
        Assert.Equal(["12.30 urn:iso:std:iso:4217 EUR "], Quantities(HandWritten.Bill, "totalgross"));
        Assert.Equal(
            ["120.50 http://unitsofmeasure.org mm[Hg] mmHg", "80   mmHg"],
            Quantities(HandWritten.BloodPressure, "component-value-quantity"));
        Assert.Equal(["1  a ", "5  a "], Quantities(HandWritten.Library, "context-quantity"));
        Assert.Equal(["1   ", "5   "], Quantities(HandWritten.Sequence, "variant-start"));
    }

    [Fact]
    public void Numbers_that_decimal_cannot_hold_have_no_row()
    {
        const string Json = """
            { "resourceType": "Observation", "id": "far", "status": "final", "code": { "text": "t" }, "valueQuantity": { "value": 1E+245 } }
            """;
        Assert.Empty(_extractor.Extract(ExampleResources.ParseWhatCanBe(Json)).Quantities);
    }

    [Fact]
    public void Names_and_addresses_are_values_part_by_part()
    {
        Assert.Equal(["Müller", "Anna", "Dr.", "MD", "Anna Müller"], Texts(HandWritten.Person, "name"));
        Assert.Equal(["1 Way", "Flat 2", "Ulm", "BW", "89073", "DE"], Texts(HandWritten.Person, "address"));
        Assert.Equal(["fine"], Texts(HandWritten.TextOnly, "value-string"));
        Assert.Equal(["http://x.org/P|2"], Texts(HandWritten.BloodPressure, "_profile"));
    }

    [Fact]
    public void Rows_say_which_repetition_of_a_composite_they_are_of()
    {
        var observation = HandWritten.Read(HandWritten.BloodPressure);
        var values = _extractor.Extract(observation);
        var codes = _catalog.Find("Observation", "component-code")!.Id;
        var numbers = _catalog.Find("Observation", "component-value-quantity")!.Id;
        Assert.Equal(
            [(1, "8480-6"), (2, "8462-4"), (3, "8462-4")],
            values.Tokens.Where(row => row.ParameterId == codes).Select(row => ((int)row.Item, row.Code)));
        Assert.Equal([1, 2], values.Quantities.Where(row => row.ParameterId == numbers).Select(row => (int)row.Item));
        Assert.All(values.Tokens.Where(row => row.ParameterId != codes && row.Code != "unknown"), row => Assert.Equal(0, row.Item));

        var sequence = _extractor.Extract(HandWritten.Read(HandWritten.Sequence));
        var chromosome = _catalog.Find("MolecularSequence", "chromosome-variant-coordinate")!.Components[0].Sources[0].ParameterId;
        Assert.Equal([1, 2], sequence.Tokens.Where(row => row.ParameterId == chromosome).Select(row => (int)row.Item));
    }

    [Fact]
    public void More_repetitions_than_can_be_numbered_share_the_last_number()
    {
        var observation = new Observation();
        observation.Component.AddRange(Enumerable.Range(0, 40_000)
            .Select(number => new Observation.ComponentComponent { Code = new CodeableConcept("urn:s", $"{number}") }));
        var rows = _extractor.Extract(observation).Tokens;
        Assert.Equal(40_000, rows.Count);
        Assert.Equal(short.MaxValue, rows.Max(row => row.Item));
        Assert.All(rows, row => Assert.True(row.Item > 0));
    }

    [Fact]
    public void Rank_is_the_start_on_the_timeline()
    {
        Assert.Equal(new DateTime(2024, 3, 1, 8, 0, 0, DateTimeKind.Utc).Ticks, Rank(HandWritten.BloodPressure));
        Assert.Equal(new DateTime(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc).Ticks, Rank(HandWritten.TextOnly));
        Assert.Equal(0, Rank(HandWritten.Person));

        static long Rank(string json) => _extractor.Extract(HandWritten.Read(json)).Rank;
    }

    [Fact]
    public void The_patient_is_the_only_one_referred_to()
    {
        Assert.Equal("Patient/p1", PatientOf(HandWritten.Read(HandWritten.BloodPressure)));
        Assert.Equal("Patient/p1", PatientOf(HandWritten.Read(HandWritten.Person)));
        Assert.Equal("Patient/p1", PatientOf(HandWritten.Read(HandWritten.Visit)));
        Assert.Null(PatientOf(HandWritten.Read(HandWritten.Bill)));
        Assert.Null(PatientOf(new Observation { Subject = new ResourceReference("https://other.org/Patient/1") }));
        Assert.Null(PatientOf(Group("Patient/1", "Patient/2")));
        Assert.Null(PatientOf(Group("Patient/1", "https://other.org/Patient/1")));
        Assert.Equal("Patient/1", PatientOf(Group("Patient/1", "Patient/1/_history/4")));

        static string? PatientOf(Resource resource) => _extractor.Extract(resource).Patient;
        static Appointment Group(params string[] patients) => new()
        {
            Participant = [.. patients.Select(one => new Appointment.ParticipantComponent { Actor = new ResourceReference(one) })],
        };
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","identifier":[{"system":{"a":1},"value":["x"]}],"name":"n","birthDate":5,"active":"yes","link":[7]}""")]
    [InlineData("""{"resourceType":"Observation","code":{"coding":{"code":"x"}},"valueQuantity":{"value":"1"},"subject":{"reference":7}}""")]
    [InlineData("""{"resourceType":"Observation","effectiveTiming":{"event":"2020","repeat":[1]},"meta":{"tag":"x","profile":7}}""")]
    public void Values_of_a_wrong_type_are_passed_over(string json)
    {
        var values = _extractor.Extract(ExampleResources.ParseWhatCanBe(json));
        Assert.Empty(values.References);
        Assert.Empty(values.Quantities);
        Assert.Empty(values.Strings);
        Assert.Empty(values.Dates);
    }

    [Fact]
    public void Reading_does_not_change_the_resource()
    {
        var read = HandWritten.Read(HandWritten.TextOnly);
        _extractor.Extract(read);
        Assert.True(read.IsExactly(HandWritten.Read(HandWritten.TextOnly)));
        Assert.DoesNotContain(read.EnumerateElements(), element => element.Key == "component");
    }

    private static (IndexValues Values, int Id) Extract(string json, string code)
    {
        var resource = HandWritten.Read(json);
        return (_extractor.Extract(resource), _catalog.Find(resource.TypeName, code)!.Id);
    }

    private static IEnumerable<string> Tokens(string json, string code)
    {
        var (values, id) = Extract(json, code);
        return values.Tokens.Where(row => row.ParameterId == id).Select(row => $"{row.System}|{row.Code}");
    }

    private static IEnumerable<string> References(string json, string code)
    {
        var (values, id) = Extract(json, code);
        return values.References.Where(row => row.ParameterId == id).Select(row => $"{row.TargetType} {row.Target}");
    }

    private static IEnumerable<string> Range(string json, string code)
    {
        var (values, id) = Extract(json, code);
        var row = Assert.Single(values.Dates, row => row.ParameterId == id);
        return [$"{new DateTime(row.Low):s}", $"{new DateTime(row.High):s}"];
    }

    private static IEnumerable<string> Quantities(string json, string code)
    {
        var (values, id) = Extract(json, code);
        return values.Quantities.Where(row => row.ParameterId == id)
            .Select(row => FormattableString.Invariant($"{row.Value} {row.System} {row.Code} {row.Unit}"));
    }

    private static IEnumerable<string> Texts(string json, string code)
    {
        var (values, id) = Extract(json, code);
        return values.Strings.Where(row => row.ParameterId == id).Select(row => row.Text);
    }
}
