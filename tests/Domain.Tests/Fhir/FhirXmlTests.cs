using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class FhirXmlTests
{
    private const string Patient = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- a comment -->
        <Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x y">
          <id value="p"/>
          <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b>  &lt; c</div></text>
          <contained><Organization><id value="o"/><name value="N"/></Organization></contained>
          <extension url="urn:x"><valueDecimal value="1.50"/></extension>
          <active value="true"/>
          <name id="n1"><family value="&#233;&amp;&quot;"/><given value="A"/><given id="g"><extension url="urn:y"><valueInteger value="7"/></extension></given></name>
          <birthDate value="1970-01"/>
          <deceasedDateTime value="2020-01-01T00:00:00.000+05:30"/>
        </Patient>
        """;

    [Fact]
    public void Xml_becomes_the_json_it_means() => Assert.Equal(
        """{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A <b>b</b>  &lt; c</div>"},"contained":[{"resourceType":"Organization","id":"o","name":"N"}],"extension":[{"url":"urn:x","valueDecimal":1.50}],"active":true,"name":[{"id":"n1","family":"é&\"","given":["A",null],"_given":[null,{"id":"g","extension":[{"url":"urn:y","valueInteger":7}]}]}],"birthDate":"1970-01","deceasedDateTime":"2020-01-01T00:00:00.000+05:30"}""",
        ToJson(Patient));

    [Fact]
    public void Json_becomes_xml_in_the_order_of_the_definitions() => Assert.Equal(
        """<?xml version="1.0" encoding="utf-8"?><Observation xmlns="http://hl7.org/fhir"><id value="o" /><status value="final" /><code id="c"><text value="a &lt;&quot;&#xA;" /></code><effectiveDateTime id="e" value="2020"><extension url="urn:x"><valueDecimal value="1.0E+245" /></extension></effectiveDateTime><valueQuantity><value value="0.100" /></valueQuantity></Observation>""",
        Encoding.UTF8.GetString(FhirXml.FromJson(Encoding.UTF8.GetBytes(
            """{"resourceType":"Observation","valueQuantity":{"value":0.100},"_effectiveDateTime":{"extension":[{"valueDecimal":1.0E+245,"url":"urn:x"}],"id":"e"},"effectiveDateTime":"2020","code":{"text":"a <\"\n","id":"c"},"status":"final","id":"o"}"""))));

    [Fact]
    public void Every_example_of_the_specification_survives_both_ways_and_the_sdk_agrees()
    {
        var serializer = new BaseFhirXmlSerializer(ModelInfo.ModelInspector);
        var (faults, count) = (new List<string>(), 0);
        foreach (var (name, json) in ExampleResources.FilesOfSpecification().Where(file => file.Json.Length < 300_000))
        {
            count++;
            var xml = FhirXml.FromJson(Encoding.UTF8.GetBytes(json));
            var back = FhirXml.ToJson(xml);
            if (!IsSame(JsonNode.Parse(json), JsonNode.Parse(back)))
            {
                faults.Add(name);
            }
            else if (count % 10 == 0)
            {
                // Ours read by the SDK, and the SDK's read by us.
                var resource = ExampleResources.ParseWhatCanBe(json);
                _ = new BaseFhirXmlDeserializer(ModelInfo.ModelInspector, FhirXmlDeserializer.RECOVERABLE.Settings)
                    .TryDeserializeResource(System.Xml.XmlReader.Create(new MemoryStream(xml)), out var read, out _);
                var theirs = serializer.SerializeToString(resource);
                var expected = JsonNode.Parse(FhirJson.Serialize(resource));
                if (read is null || !IsSame(expected, JsonNode.Parse(FhirJson.Serialize(read)), areTrimmed: true))
                {
                    faults.Add($"{name}: the SDK reads something else");
                }
                else if (!IsSame(expected, JsonNode.Parse(ToJson(theirs)), areTrimmed: true))
                {
                    faults.Add($"{name}: the SDK writes something else");
                }
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} of {count}: {string.Join('\n', faults.Take(10))}");
        Assert.True(count > 500);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<")]
    [InlineData("{}")]
    [InlineData("<Patient/>")]
    [InlineData("""<Nothing xmlns="http://hl7.org/fhir"/>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient><x/>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active value="true"/><active value="true"/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><birthDate value="1970"/><active value="true"/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir">text</Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active other="x" value="true"/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><identifier value="x"/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir" id="x"/>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><x xmlns="urn:other"/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><contained/></Patient>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><contained><Patient/><Patient/></contained></Patient>""")]
    [InlineData("""<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"><active value="&a;"/></Patient>""")]
    [InlineData("""<!DOCTYPE x SYSTEM "file:///etc/passwd"><Patient xmlns="http://hl7.org/fhir"/>""")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active value="&nbsp;"/></Patient>""")]
    public void What_is_no_fhir_xml_is_400(string xml)
    {
        var refused = Assert.Throws<FhirException>(() => ToJson(xml));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
    }

    [Fact]
    public void Deep_xml_is_400_and_no_overflow()
    {
        var deep = string.Concat(Enumerable.Repeat("<extension url=\"x\">", 50_000));
        Assert.Throws<FhirException>(() => ToJson($"<Patient xmlns=\"http://hl7.org/fhir\">{deep}"));
    }

    [Theory]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active value="yes"/></Patient>""", "Patient.active")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active/></Patient>""", "Patient.active")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><birthDate value=""/></Patient>""", "Patient.birthDate")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><name/></Patient>""", "Patient.name[0]")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><unknown><x value="1"/></unknown><active value="true"/></Patient>""", "Patient")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><multipleBirthInteger value="01"/></Patient>""", "Patient.multipleBirth")]
    public void What_is_wrong_in_both_forms_is_found_by_the_same_validation(string xml, string expression)
    {
        var refused = Assert.Throws<FhirException>(() => FhirJson.Parse(FhirXml.ToJson(Encoding.UTF8.GetBytes(xml))));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.StartsWith(expression, refused.Outcome.Issue[0].Expression.First(), StringComparison.Ordinal);
    }

    [Fact]
    public void Characters_that_xml_cannot_have_are_replaced()
    {
        var xml = Encoding.UTF8.GetString(FhirXml.FromJson("{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":\"a\\u0001b\\ud83d\\ude00\"}}"u8.ToArray()));
        Assert.Contains("a\uFFFDb\U0001F600", xml, StringComparison.Ordinal);
    }

    private static string ToJson(string xml) => Encoding.UTF8.GetString(FhirXml.ToJson(Encoding.UTF8.GetBytes(xml)));

    /// <summary>
    /// Equal but for the order of properties and the white space of narratives; numbers as they are written. The SDK takes away the spaces
    /// around an attribute's value; we keep what is written.
    /// </summary>
    private static bool IsSame(JsonNode? a, JsonNode? b, bool areTrimmed = false) => (a, b) switch
    {
        (JsonObject x, JsonObject y) => x.Count == y.Count
            && x.All(member => member.Key == "div" || (y.TryGetPropertyValue(member.Key, out var other) && IsSame(member.Value, other, areTrimmed))),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(pair => IsSame(pair.First, pair.Second, areTrimmed)),
        (JsonValue x, JsonValue y) when x.GetValueKind() == JsonValueKind.Number => x.ToJsonString() == y.ToJsonString(),
        (JsonValue x, JsonValue y) when areTrimmed && x.GetValueKind() == JsonValueKind.String => x.ToString().Trim() == y.ToString().Trim(),
        _ => JsonNode.DeepEquals(a, b),
    };
}
