using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class FhirJsonBytesTests
{
    private static readonly DateTimeOffset _time = new(2026, 3, 1, 8, 30, 0, 120, TimeSpan.FromHours(2));

    [Fact]
    public void Stamp_writes_id_and_meta_first_and_keeps_the_rest_as_written()
    {
        var json = """
            {
              "status" : "final",
              "meta": { "versionId": "7", "tag": [ { "code": "t" } ], "_lastUpdated": {"id": "x"}, "lastUpdated": "2001-01-01T00:00:00Z", "profile": ["http://p"] },
              "code": { "text": "caf\u00e9 é \"q\" \/ ✓" },
              "id": "client",
              "valueQuantity": { "value": 1.500, "x": -0.0E+2 },
              "resourceType": "Observation",
              "component": [ ], "flag": [ true , false, null ]
            }
            """;
        Assert.Equal(
            """{"resourceType":"Observation","id":"o-1","meta":{"versionId":"3","lastUpdated":"2026-03-01T06:30:00.120Z","tag":[{"code":"t"}],"profile":["http://p"]},"status":"final","code":{"text":"caf\u00e9 é \"q\" \/ ✓"},"valueQuantity":{"value":1.500,"x":-0.0E+2},"component":[],"flag":[true,false,null]}""",
            Stamp(json, "o-1", 3));
    }

    [Fact]
    public void Stamping_a_bare_resource_and_stamping_again_give_the_same_form()
    {
        var first = Stamp("""{"resourceType":"Patient"}""", "p", 1);
        Assert.Equal("""{"resourceType":"Patient","id":"p","meta":{"versionId":"1","lastUpdated":"2026-03-01T06:30:00.120Z"}}""", first);
        Assert.Equal(first.Replace("\"1\"", "\"2147483647\"", StringComparison.Ordinal), Stamp(first, "p", int.MaxValue));
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","active":true,"name":[{"family":"é"}]}""", """{ "name":[{"family":"\u00e9"}], "active":true, "resourceType":"Patient","meta":{"versionId":"9"}}""", true)]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient","active":false}""", false)]
    [InlineData("""{"resourceType":"Patient","active":true}""", """{"resourceType":"Patient"}""", false)]
    [InlineData("""{"resourceType":"Patient","meta":{"tag":[{"code":"a"}]}}""", """{"resourceType":"Patient"}""", false)]
    [InlineData("""{"resourceType":"Patient","meta":{"tag":[{"code":"a"}],"source":"x"}}""", """{"resourceType":"Patient","meta":{"source":"x","tag":[{"code":"a"}]}}""", true)]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a","b"]}]}""", """{"resourceType":"Patient","name":[{"given":["b","a"]}]}""", false)]
    [InlineData("""{"resourceType":"Basic","x":1.0}""", """{"resourceType":"Basic","x":1.00}""", false)]
    [InlineData("""{"resourceType":"Basic","x":[1,2]}""", """{"resourceType":"Basic","x":[1]}""", false)]
    public void Equality_ignores_version_and_time_and_nothing_that_matters(string stored, string sent, bool expected)
    {
        var a = FhirJson.Stamp(Encoding.UTF8.GetBytes(stored), "x", 1, _time);
        var b = FhirJson.Stamp(Encoding.UTF8.GetBytes(sent), "x", 12, _time.AddDays(1));
        Assert.Equal(expected, FhirJson.EqualsIgnoringVersion(a, b));
        Assert.Equal(expected, FhirJson.EqualsIgnoringVersion(b, a));
    }

    [Fact]
    public void Pretty_breaks_lines_and_changes_no_token()
    {
        var pretty = Encoding.UTF8.GetString(FhirJson.Pretty("""{"a":[1.0,{"b":"\u00e9"}],"c":{},"d":[]}"""u8));
        Assert.Equal("{\n  \"a\": [\n    1.0,\n    {\n      \"b\": \"\\u00e9\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}", pretty);
    }

    [Fact]
    public void What_the_server_makes_is_serialised_readably_and_can_be_parsed()
    {
        var json = FhirJson.Serialize(FhirException.NotFound("Keine Größe <x>").Outcome);
        Assert.Contains("Keine Größe <x>", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.IsType<OperationOutcome>(FhirJson.Parse(json));
    }

    [Fact]
    public void References_addresses_and_links_are_rewritten_and_nothing_else()
    {
        var json = """
            {"resourceType":"DiagnosticReport","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}],
             "text":{"div":"<div><a href=\"urn:uuid:1\">urn:uuid:1</a></div>"},
             "subject": {"reference": "urn:uuid:1", "display":"urn:uuid:1"}, "result":[{"reference":"urn:uuid:2"},{"reference":"Observation/9"}],
             "presentedForm":[{"url":"urn:uuid:1"}],"extension":[{"url":"http://e","valueUri":"urn:uuid:1"},{"url":"http://e","valueString":"urn:uuid:1"}]}
            """;
        var rewritten = Encoding.UTF8.GetString(
            FhirJson.RewriteReferences(Encoding.UTF8.GetBytes(json), value => value == "urn:uuid:1" ? "Patient/p" : null)!);
        Assert.Equal(
            """
            {"resourceType":"DiagnosticReport","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}],
             "text":{"div":"<div><a href=\"Patient/p\">urn:uuid:1</a></div>"},
             "subject": {"reference": "Patient/p", "display":"urn:uuid:1"}, "result":[{"reference":"urn:uuid:2"},{"reference":"Observation/9"}],
             "presentedForm":[{"url":"Patient/p"}],"extension":[{"url":"http://e","valueUri":"Patient/p"},{"url":"http://e","valueString":"urn:uuid:1"}]}
            """,
            rewritten);
    }

    [Fact]
    public void Lists_of_addresses_are_rewritten_item_by_item()
    {
        var json = """{"resourceType":"CarePlan","instantiatesUri":["urn:uuid:1","http://x","urn:uuid:1"]}"""u8;
        Assert.Equal(
            """{"resourceType":"CarePlan","instantiatesUri":["Basic/1","http://x","Basic/1"]}""",
            Encoding.UTF8.GetString(FhirJson.RewriteReferences(json, value => value == "urn:uuid:1" ? "Basic/1" : null)!));
    }

    [Fact]
    public void Nothing_to_rewrite_gives_null()
    {
        Assert.Null(FhirJson.RewriteReferences("""{"subject":{"reference":"Patient/1"}}"""u8, _ => null));
        Assert.Null(FhirJson.RewriteReferences("""{"subject":{"reference":"Patient/1"}}"""u8, value => value));
    }

    [Fact]
    public void Conditional_references_are_found_with_their_element()
    {
        var json = """{"resourceType":"Encounter","participant":[{"individual":{"display":"a?b"}},{"individual":{"reference":"Practitioner?identifier=s|1"}}],"extension":[{"url":"http://x?y","valueReference":{"reference":"Patient?_id=2"}}],"subject":{"reference":"Foo?x=1"}}"""u8;
        Assert.Equal(
            [
                new("Practitioner?identifier=s|1", "Practitioner", "identifier=s|1", "Encounter.participant[1].individual.reference"),
                new("Patient?_id=2", "Patient", "_id=2", "Encounter.extension[0].value.reference"),
            ],
            FhirJson.FindConditionalReferences(json));
    }

    private static string Stamp(string json, string id, int version) =>
        Encoding.UTF8.GetString(FhirJson.Stamp(Encoding.UTF8.GetBytes(json), id, version, _time));
}
