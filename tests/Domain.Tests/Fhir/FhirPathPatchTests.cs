using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class FhirPathPatchTests
{
    private const string Head = """{"resourceType":"Patient","id":"p","meta":{"versionId":"3","lastUpdated":"2026-03-01T06:30:00.120Z"}""";

    [Theory]
    [InlineData("""{"gender":"male"}""", "add|Patient|birthDate|valueDate=\"1930-01-01\"", """{"gender":"male","birthDate":"1930-01-01"}""")]
    [InlineData("""{"name":[{"family":"A"}]}""", "add|Patient.name[0]|given|valueString=\"G\"", """{"name":[{"family":"A","given":["G"]}]}""")]
    [InlineData("""{"name":[{"given":["G"]}]}""", "add|Patient.name.first()|given|valueString=\"H\"", """{"name":[{"given":["G","H"]}]}""")]
    [InlineData("""{"active":true}""", "add|Patient|contact|parts", """{"active":true,"contact":[{"name":{"text":"Eve"},"gender":"female"}]}""")]
    [InlineData("""{"active":true}""", "add|Patient|deceased|valueBoolean=false", """{"active":true,"deceasedBoolean":false}""")]
    [InlineData("""{"birthDate":"1970"}""", "add|Patient.birthDate|extension|valueX=0", """{"birthDate":"1970","_birthDate":{"extension":[{"url":"urn:x","valueDecimal":1.50}]}}""")]
    [InlineData("""{"name":[{"given":["A","B"]}]}""", "add|Patient.name.given[1]|extension|valueX=0", """{"name":[{"given":["A","B"],"_given":[null,{"extension":[{"url":"urn:x","valueDecimal":1.50}]}]}]}""")]
    [InlineData("""{"name":[{"given":["A","C"]}]}""", "insert|Patient.name[0].given|1|valueString=\"B\"", """{"name":[{"given":["A","B","C"]}]}""")]
    [InlineData("""{"name":[{"given":["A",null],"_given":[null,{"id":"i"}]}]}""", "insert|Patient.name.given|1|valueString=\"B\"", """{"name":[{"given":["A","B",null],"_given":[null,null,{"id":"i"}]}]}""")]
    [InlineData("""{"active":true}""", "insert|Patient.name|0|valueHumanName={\"text\":\"N\"}", """{"active":true,"name":[{"text":"N"}]}""")]
    [InlineData("""{"birthDate":"1970","gender":"male"}""", "delete|Patient.birthDate", """{"gender":"male"}""")]
    [InlineData("""{"gender":"male"}""", "delete|Patient.birthDate", """{"gender":"male"}""")]
    [InlineData("""{"name":[{"use":"old"},{"use":"official"}]}""", "delete|Patient.name.where(use = 'old')", """{"name":[{"use":"official"}]}""")]
    [InlineData("""{"name":[{"use":"old"}],"active":true}""", "delete|Patient.name[0]", """{"active":true}""")]
    [InlineData("""{"birthDate":"1970","_birthDate":{"id":"i"},"active":true}""", "delete|birthDate", """{"active":true}""")]
    [InlineData("""{"birthDate":"1970"}""", "replace|Patient.birthDate|valueDate=\"1971-02\"", """{"birthDate":"1971-02"}""")]
    [InlineData("""{"deceasedBoolean":true,"active":true}""", "replace|Patient.deceased|valueDateTime=\"2020-01-01T00:00:00.000+05:00\"", """{"active":true,"deceasedDateTime":"2020-01-01T00:00:00.000+05:00"}""")]
    [InlineData("""{"name":[{"given":["A","B"]}]}""", "replace|Patient.name.given.where($this = 'A')|valueString=\"C\"", """{"name":[{"given":["C","B"]}]}""")]
    [InlineData("""{"contact":[{"name":{"text":"Bob"}}]}""", "replace|Patient.contact[0]|parts", """{"contact":[{"name":{"text":"Eve"},"gender":"female"}]}""")]
    [InlineData("""{"identifier":[{"system":"urn:a","value":"1"},{"system":"urn:b","value":"2"}]}""", "replace|Patient.identifier.where(system='urn:b' and value='2').value|valueString=\"3\"", """{"identifier":[{"system":"urn:a","value":"1"},{"system":"urn:b","value":"3"}]}""")]
    [InlineData("""{"name":[{"given":["A","B","C"]}]}""", "move|Patient.name.given|2|0", """{"name":[{"given":["C","A","B"]}]}""")]
    [InlineData("""{"name":[{"given":["A","B"],"_given":[{"id":"i"},null]}]}""", "move|Patient.name[0].given|0|1", """{"name":[{"given":["B","A"],"_given":[null,{"id":"i"}]}]}""")]
    [InlineData("""{"extension":[{"url":"urn:x","valueDecimal":1.50},{"url":"urn:y","valueDecimal":0.10}]}""", "replace|Patient.extension('urn:y').value|valueDecimal=2.500", """{"extension":[{"url":"urn:x","valueDecimal":1.50},{"url":"urn:y","valueDecimal":2.500}]}""")]
    [InlineData("""{"contained":[{"resourceType":"Organization","id":"o","name":"N"}]}""", "replace|Patient.contained[0].name|valueString=\"M\"", """{"contained":[{"resourceType":"Organization","id":"o","name":"M"}]}""")]
    public void A_patch_changes_what_its_path_names(string before, string operation, string after) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Resource(after)), JsonNode.Parse(Apply(before, operation))), Apply(before, operation));

    [Fact]
    public void Operations_see_what_those_before_them_did() => Assert.Contains(
        "\"name\":[{\"family\":\"F\",\"given\":[\"G\"]}]",
        Apply("{\"active\":true}", "add|Patient|name|valueHumanName={\"family\":\"F\"}", "add|Patient.name|given|valueString=\"G\""),
        StringComparison.Ordinal);

    [Fact]
    public void What_is_not_named_keeps_its_digits() => Assert.Contains(
        "\"valueDecimal\":1.50", Apply("""{"extension":[{"url":"urn:x","valueDecimal":1.50}]}""", "add|Patient|active|valueBoolean=true"), StringComparison.Ordinal);

    [Theory]
    [InlineData("add|Patient|gender|valueCode=\"male\"")]
    [InlineData("add|Patient|deceased|valueBoolean=true")]
    [InlineData("add|Patient|nothing|valueCode=\"male\"")]
    [InlineData("add|Patient.name|given|valueString=\"x\"")]
    [InlineData("add|Patient.photo|title|valueString=\"x\"")]
    [InlineData("add|Patient|name|valueAddress={\"text\":\"x\"}")]
    [InlineData("add|Patient|birthDate|valuePeriod={\"start\":\"2020\"}")]
    [InlineData("add|Patient.gender|value|valueString=\"x\"")]
    [InlineData("insert|Patient.name|3|valueHumanName={\"text\":\"x\"}")]
    [InlineData("insert|Patient.gender|0|valueCode=\"male\"")]
    [InlineData("insert|Patient.name[0]|0|valueHumanName={\"text\":\"x\"}")]
    [InlineData("delete|Patient.name")]
    [InlineData("delete|Patient.name.count()")]
    [InlineData("delete|Patient")]
    [InlineData("delete|Patient.id")]
    [InlineData("replace|Patient.birthDate|valueDate=\"1970\"")]
    [InlineData("replace|Patient.name.given|valueString=\"x\"")]
    [InlineData("replace|Patient.id|valueId=\"other\"")]
    [InlineData("replace|Patient.meta.versionId|valueId=\"9\"")]
    [InlineData("replace|'x'|valueString=\"x\"")]
    [InlineData("move|Patient.name|0|2")]
    [InlineData("move|Patient.gender|0|0")]
    public void What_does_not_fit_the_resource_is_422(string operation) => Assert.Equal(
        HttpStatusCode.UnprocessableEntity,
        Refused("""{"gender":"female","deceasedDateTime":"2020","name":[{"given":["A","B"]},{"text":"T"}]}""", operation));

    [Theory]
    [InlineData("remove|Patient.name")]
    [InlineData("add|Patient||valueString=\"x\"")]
    [InlineData("insert|Patient.name|-1|valueHumanName={\"text\":\"x\"}")]
    [InlineData("insert|Patient.name|0")]
    [InlineData("move|Patient.name|0")]
    [InlineData("delete|Patient.name.where(")]
    [InlineData("delete|Patient.name.descendants()")]
    [InlineData("delete|Patient.repeat(name)")]
    [InlineData("delete|Patient.managingOrganization.resolve()")]
    [InlineData("delete|Patient.name | Patient.name")]
    [InlineData("delete|Patient.name.where(Patient.name.exists())")]
    [InlineData("delete|Patient.name.where(%resource.name.exists())")]
    [InlineData("delete|Patient.name.where(text.matches('(a+)+b'))")]
    [InlineData("delete|((((((((((Patient.name))))))))))")]
    public void What_is_no_patch_is_400(string operation) => Assert.Equal(HttpStatusCode.BadRequest, Refused("""{"active":true}""", operation));

    [Fact]
    public void No_path_takes_long()
    {
        var names = string.Join(',', Enumerable.Range(0, 2000).Select(i => $$"""{"text":"{{i}}","given":["a","b"]}"""));
        var watch = Stopwatch.StartNew();
        foreach (var path in (string[])
            [
                "Patient.name.where(given.where($this = 'a').exists() and given.all($this != 'c')).where(text = '1')",
                "((((((((Patient.name[0]))))))))", "Patient.name[0]" + string.Concat(Enumerable.Repeat(".where(true)", 35)),
                string.Join(" and ", Enumerable.Repeat("Patient.name.exists()", 18)), new string('-', 480) + "1", new string('(', 8) + "1+1",
            ])
        {
            try
            {
                Apply($$"""{"name":[{{names}}]}""", $"delete|{path}");
            }
            catch (FhirException refused)
            {
                Assert.True(refused.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity);
            }
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    private static HttpStatusCode Refused(string before, string operation) => Assert.Throws<FhirException>(() => Apply(before, operation)).Status;

    private static string Apply(string before, params string[] operations) => Encoding.UTF8.GetString(
        ResourcePatch.OfParameters(Encoding.UTF8.GetBytes(Parameters(operations))).Apply(Encoding.UTF8.GetBytes(Resource(before))));

    private static string Resource(string members) => $"{Head},{members[1..]}";

    /// <summary>Operations written as <c>type|path|name or index|value</c>.</summary>
    private static string Parameters(string[] operations) =>
        $$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', operations.Select(Operation))}}]}""";

    private static string Operation(string text)
    {
        // A path may have a bar too; only that of a union has spaces around it.
        var fields = text.Replace(" | ", "\0", StringComparison.Ordinal).Split('|').Select(field => field.Replace("\0", " | ", StringComparison.Ordinal)).ToArray();
        var parts = new List<string> { Part("type", "valueCode", fields[0]), Part("path", "valueString", fields[1]) };
        var rest = fields[2..];
        switch (fields[0])
        {
            case "add" when rest[0].Length > 0:
                parts.Add(Part("name", "valueString", rest[0]));
                break;
            case "insert":
                parts.Add($$"""{"name":"index","valueInteger":{{rest[0]}}}""");
                break;
            case "move":
                parts.AddRange(rest.Select((place, i) => $$"""{"name":"{{(i == 0 ? "source" : "destination")}}","valueInteger":{{place}}}"""));
                break;
        }

        if (fields[0] is "add" or "insert" or "replace" && (rest.Length == 2 || fields[0] == "replace"))
        {
            parts.Add(rest[^1] switch
            {
                "parts" => """{"name":"value","part":[{"name":"name","valueHumanName":{"text":"Eve"}},{"name":"gender","valueCode":"female"}]}""",
                "valueX=0" => """{"name":"value","part":[{"name":"url","valueUri":"urn:x"},{"name":"value","valueDecimal":1.50}]}""",
                _ => $$"""{"name":"value","{{rest[^1].Split('=')[0]}}":{{rest[^1][(rest[^1].IndexOf('=', StringComparison.Ordinal) + 1)..]}}}""",
            });
        }

        return $$"""{"name":"operation","part":[{{string.Join(',', parts)}}]}""";
    }

    private static string Part(string name, string property, string value) => $$"""{"name":"{{name}}","{{property}}":"{{value}}"}""";
}
