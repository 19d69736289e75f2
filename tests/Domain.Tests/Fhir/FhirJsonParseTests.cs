using System.Net;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class FhirJsonParseTests
{
    private static ReadOnlySpan<byte> Noise => "{}[]\",:\\_u0n1e-. \0a"u8;

    private const string _div = "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">";

    [Fact]
    public void A_sound_resource_is_parsed_wherever_its_type_stands()
    {
        var patient = Assert.IsType<Patient>(Parse("""{"id":"a","active":true,"resourceType":"Patient"}"""));
        Assert.True(patient.Active);
    }

    [Fact]
    public void A_resource_may_have_nothing_but_its_type() => Assert.IsType<Patient>(Parse("""{"resourceType":"Patient"}"""));

    [Theory]
    [InlineData("""{"resourceType":"Patient","name":[]}""", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":[null]}""", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":[{}]}""", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a",null]}]}""", "Patient.name[0].given")]
    [InlineData("""{"resourceType":"Patient","maritalStatus":{}}""", "Patient.maritalStatus")]
    [InlineData("""{"resourceType":"Patient","active":null}""", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","birthDate":""}""", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":""}]}""", "Patient.name[0].family")]
    [InlineData("""{"resourceType":"Patient","foo":1}""", "Patient.foo")]
    [InlineData("""{"resourceType":"Patient","foo":[1]}""", "Patient.foo")]
    [InlineData("""{"resourceType":"Patient","":1}""", "Patient.")]
    [InlineData("""{"resourceType":"Patient","active":"true"}""", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","name":{"family":"a"}}""", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","maritalStatus":[{"text":"a"}]}""", "Patient.maritalStatus")]
    [InlineData("""{"resourceType":"Patient","gender":"foo"}""", "Patient.gender")]
    [InlineData("""{"resourceType":"Patient","birthDate":"2020-02-30"}""", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","deceasedDateTime":"2020-02-01T10:00:00"}""", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","deceasedDateTime":"2020-02-01T10:00Z"}""", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","implicitRules":"a b"}""", "Patient.implicitRules")]
    [InlineData("""{"resourceType":"Patient","implicitRules":""}""", "Patient.implicitRules")]
    [InlineData("""{"resourceType":"Patient","implicitRules":1}""", "Patient.implicitRules")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020-01-01"}""", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"_deceasedDateTime":{"id":"x"}}""", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","active":true,"active":false}""", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[{"id":"x"}]}]}""", "Patient.name[0].given")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a"],"_given":{"id":"x"}}]}""", "Patient.name[0].given")]
    [InlineData("""{"resourceType":"Patient","birthDate":"2020","_birthDate":[{"id":"q"}]}""", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","contained":[{"id":"a"}]}""", "Patient.contained[0]")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Foo","id":"a"}]}""", "Patient.contained[0].resourceType")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"DomainResource","id":"a"}]}""", "Patient.contained[0].resourceType")]
    [InlineData("""{"resourceType":"Patient","contained":{"resourceType":"Patient","id":"a"}}""", "Patient.contained")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"x","resource":{"id":"1"}}]}""", "Parameters.parameter[0].resource")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}""", "Patient.name[0].family")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":"\ud800"}]}""", "Patient.name[0].family")]
    [InlineData("""{"resourceType":"Patient","multipleBirthInteger":99999999999}""", "Patient.multipleBirth")]
    [InlineData("""{"resourceType":"Patient","telecom":[{"rank":0}]}""", "Patient.telecom[0].rank")]
    [InlineData("""{"resourceType":"Observation","status":"final"}""", "Observation.code")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"1.2"}}""", "Observation.value.value")]
    [InlineData("""{"resourceType":"Binary","contentType":"text/plain","data":"%%%"}""", "Binary.data")]
    public void Each_fault_is_one_issue_at_its_element(string json, string expression)
    {
        var issue = Assert.Single(Refused(json).Outcome.Issue);
        Assert.Equal(OperationOutcome.IssueSeverity.Error, issue.Severity);
        Assert.Equal(expression, Assert.Single(issue.Expression));
        Assert.False(string.IsNullOrWhiteSpace(issue.Details?.Text));
    }

    [Theory]
    [InlineData("urn:uuid:patient-1")]
    [InlineData("urn:oid:1.2.3")]
    [InlineData("relative/é?x#y")]
    public void An_address_is_whatever_has_no_white_space(string address) =>
        Assert.Equal(address, Parse($$"""{"resourceType":"Patient","implicitRules":"{{address}}"}""").ImplicitRules);

    [Fact]
    public void Several_faults_are_several_issues()
    {
        var refused = Refused("""{"resourceType":"Patient","gender":"x","birthDate":"y","foo":1,"name":[{},{"family":1}]}""");
        Assert.Equal(
            ["Patient.birthDate", "Patient.foo", "Patient.gender", "Patient.name[0]", "Patient.name[1].family"],
            refused.Outcome.Issue.SelectMany(issue => issue.Expression).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_text_for_logs_does_not_repeat_the_content()
    {
        var refused = Refused("""{"resourceType":"Patient","gender":"secret-a","birthDate":"secret-b","telecom":[{"system":"secret-c"}]}""");
        Assert.Equal(3, refused.Outcome.Issue.Count);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_expressions_of_a_bundle_entry_begin_at_the_bundle()
    {
        var json = """{"resourceType":"Observation","status":"nope","contained":[{"id":"a"}]}""";
        var refused = Assert.Throws<FhirException>(() => FhirJson.Parse(Bytes(json), source: "Bundle.entry[3].resource"));
        Assert.Equal(
            ["Bundle.entry[3].resource.code", "Bundle.entry[3].resource.contained[0]", "Bundle.entry[3].resource.status"],
            refused.Outcome.Issue.SelectMany(issue => issue.Expression).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Another_type_than_expected_is_refused()
    {
        var refused = Assert.Throws<FhirException>(() => FhirJson.Parse(Bytes("""{"resourceType":"Patient"}"""), "Observation"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<p onclick=\\\"a()\\\">x</p>")]
    [InlineData("<a href=\\\"javascript:a()\\\">x</a>")]
    [InlineData("<a href=\\\"&#106;ava\\tscript:a()\\\">x</a>")]
    [InlineData("<img alt=\\\"x\\\" src=\\\"data:text/html;base64,xx\\\"/>")]
    [InlineData("<iframe src=\\\"x\\\"/>")]
    [InlineData("<p>unclosed")]
    public void Active_or_broken_content_in_a_narrative_is_refused(string content)
    {
        var json = $$$"""{"resourceType":"Patient","text":{"status":"generated","div":"{{{_div}}}{{{content}}}</div>"}}""";
        var issue = Assert.Single(Refused(json).Outcome.Issue);
        Assert.Equal("Patient.text.div", Assert.Single(issue.Expression));
    }

    [Fact]
    public void An_entity_of_a_document_type_is_refused_in_a_narrative()
    {
        var json = "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\",\"div\":\"<!DOCTYPE a [<!ENTITY x SYSTEM \\\"file:///x\\\">]>"
            + _div + "&x;</div>\"}}";
        Assert.Equal("Patient.text.div", Assert.Single(Assert.Single(Refused(json).Outcome.Issue).Expression));
    }

    [Fact]
    public void A_plain_narrative_with_links_is_accepted()
    {
        var json = $$$"""{"resourceType":"Patient","text":{"status":"generated","div":"{{{_div}}}<p>a&nbsp;b <a href=\"http://x/y\">z</a></p></div>"}}""";
        Assert.IsType<Patient>(Parse(json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"Patient\"")]
    [InlineData("{}")]
    [InlineData("{")]
    [InlineData("{\"resourceType\":\"Patient\",}")]
    [InlineData("{/**/\"resourceType\":\"Patient\"}")]
    [InlineData("{\"resourceType\":\"Patient\"}{}")]
    [InlineData("{\"resourceType\":\"Patient\"} x")]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":[{")]
    [InlineData("{\"resourceType\":null}")]
    [InlineData("{\"resourceType\":1}")]
    [InlineData("{\"resourceType\":\"\"}")]
    [InlineData("{\"resourceType\":\"patient\"}")]
    [InlineData("{\"resourceType\":\"Foo\"}")]
    [InlineData("{\"resourceType\":\"Resource\"}")]
    [InlineData("{\"resourceType\":\"HumanName\"}")]
    [InlineData("{\"resourceType\":\"\\ud800\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"\\ud800\":1}")]
    [InlineData("{\"\\ud800\":1,\"resourceType\":\"Patient\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"resourceType\":\"Observation\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"_\":1}")]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":[[[{\"family\":\"a\"}]]]}")]
    [InlineData("{\"resourceType\":\"Patient\",\"contained\":[1,null,\"a\",{}]}")]
    [InlineData("{\"resourceType\":\"Patient\",\"birthDate\":[{\"a\":1}]}")]
    public void Whatever_is_no_resource_is_a_400(string json)
    {
        Assert.NotEmpty(Refused(json).Outcome.Issue);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_a_400()
    {
        byte[] invalid = [.. "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\""u8, 0xFF, 0xFE, .. "\"}]}"u8];
        byte[] marked = [0xEF, 0xBB, 0xBF, .. "{\"resourceType\":\"Patient\"}"u8];
        Assert.Contains("UTF-8", Assert.Throws<FhirException>(() => FhirJson.Parse(invalid)).Message, StringComparison.Ordinal);
        Assert.Contains("byte order mark", Assert.Throws<FhirException>(() => FhirJson.Parse(marked)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"extension\":[{\"url\":\"http://a\",", "\"valueString\":\"x\"", "}]")]
    [InlineData("\"foo\":{", "\"a\":1", "}")]
    [InlineData("\"foo\":[[[[[{", "\"a\":1", "}]]]]]")]
    public void Deep_nesting_is_a_400(string open, string middle, string close)
    {
        var json = "{\"resourceType\":\"Patient\"," + Repeat(open) + middle + Repeat(close) + "}";
        var refused = Refused(json);
        Assert.Contains("64 levels", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"name\":[", "{\"family\":1},", "{}]")]
    [InlineData("\"name\":[", "1,", "1]")]
    [InlineData("\"name\":[", "{},", "{}]")]
    [InlineData("\"name\":[", "[],", "[]]")]
    [InlineData("\"name\":[{\"given\":[", "1,", "1]}]")]
    [InlineData("\"name\":[{\"_given\":[", "1,", "1]}]")]
    [InlineData("\"contained\":[", "{},", "{}]")]
    [InlineData("", "\"active\":true,", "\"active\":true")]
    [InlineData("", "\"_deceasedBoolean\":{\"id\":\"a\"},", "\"active\":true")]
    public void A_body_of_faults_costs_little_and_gets_a_bounded_answer(string open, string fault, string close)
    {
        var json = "{\"resourceType\":\"Patient\"," + open + new StringBuilder().Insert(0, fault, 200_000) + close + "}";
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Refused(json);
        Assert.InRange(refused.Outcome.Issue.Count, 1, 101);
        // Parsing takes half a kilobyte for an item; the SDK alone would take another two for each of the faults.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000_000);
    }

    [Fact]
    public void A_resource_of_millions_of_elements_is_not_parsed()
    {
        var json = "{\"resourceType\":\"Patient\",\"name\":[{\"given\":[" + new StringBuilder().Insert(0, "\"\",", 1_000_000) + "\"\"]}]}";
        var refused = Assert.Throws<FhirException>(() => Parse(json));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.Status);
    }

    [Fact]
    public void No_cut_of_a_resource_and_no_flipped_byte_is_anything_but_a_resource_or_a_400()
    {
        var json = Bytes($$$"""{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"{{{_div}}}x</div>"},"contained":[{"resourceType":"Organization","id":"o","name":"\u00e9"}],"name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"http://x","valueDecimal":1.50}]}]}],"deceasedBoolean":false}""");
        var random = new Random(4711);
        for (var i = 0; i < 4000; i++)
        {
            var copy = json.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                copy[random.Next(copy.Length)] = Noise[random.Next(Noise.Length)];
            }

            if (Record.Exception(() => FhirJson.Parse(i % 4 == 0 ? json.AsMemory(0, i % json.Length) : copy)) is { } thrown)
            {
                Assert.True(thrown is FhirException, thrown.ToString());
                Assert.Equal(HttpStatusCode.BadRequest, Assert.IsType<FhirException>(thrown).Status);
            }
        }
    }

    private static string Repeat(string text) => new StringBuilder().Insert(0, text, 20_000).ToString();

    private static Resource Parse(string json) => FhirJson.Parse(Bytes(json));

    private static FhirException Refused(string json)
    {
        var refused = Assert.Throws<FhirException>(() => Parse(json));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        return refused;
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
