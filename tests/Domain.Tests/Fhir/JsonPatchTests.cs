using System.Net;
using System.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

/// <summary>RFC 6902 on stored resources; most of the rows follow the examples of its appendix.</summary>
public sealed class JsonPatchTests
{
    private const string Head = """{"resourceType":"Basic","id":"b","meta":{"versionId":"3","lastUpdated":"2026-03-01T06:30:00.120Z"}""";

    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/1","value":"end"}]""", """{"foo":["bar","end"]}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/foo","value":null}]""", """{"foo":null}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":["a","b"]}""", """[{"op":"replace","path":"/foo/0","value":"c"}]""", """{"foo":["c","b"]}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"foo":["a"]}""", """[{"op":"move","from":"/foo/0","path":"/foo/0"}]""", """{"foo":["a"]}""")]
    [InlineData("""{"foo":{"a":1.50}}""", """[{"op":"copy","from":"/foo/a","path":"/foo/b"}]""", """{"foo":{"a":1.50,"b":1.50}}""")]
    [InlineData("""{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("""{"n":1.50}""", """[{"op":"test","path":"/n","value":15e-1}]""", """{"n":1.50}""")]
    [InlineData("""{"a":{"x":1,"y":2}}""", """[{"op":"test","path":"/a","value":{"y":2,"x":1}}]""", """{"a":{"x":1,"y":2}}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10},{"op":"remove","path":"/~1"}]""", """{"~1":10}""")]
    [InlineData("""{"":1,"foo":0}""", """[{"op":"replace","path":"/","value":2}]""", """{"":2,"foo":0}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":"bar"}""", "[]", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar"],"n":0}""", """[{"op":"remove","path":"/foo/0"}]""", """{"n":0}""")]
    [InlineData("""{"a":{"b":[{"c":1}]},"n":0}""", """[{"op":"remove","path":"/a/b/0/c"}]""", """{"n":0}""")]
    [InlineData("""{"foo":["bar"],"n":0}""", """[{"op":"remove","path":"/foo/0"},{"op":"add","path":"/foo/-","value":"new"}]""", """{"foo":["new"],"n":0}""")]
    [InlineData("""{"v":0.10,"w":1.0E+245,"s":"\u00e9\/"}""", """[{"op":"add","path":"/z","value":12345678901234567890.12345678901234567890}]""", """{"v":0.10,"w":1.0E+245,"s":"é/","z":12345678901234567890.12345678901234567890}""")]
    [InlineData("""{"text":{"status":"generated","div":"x"},"a":1}""", """[{"op":"replace","path":"/a","value":2}]""", """{"a":2}""")]
    [InlineData("""{"text":{"status":"additional","div":"x"},"a":1}""", """[{"op":"replace","path":"/a","value":2}]""", """{"text":{"status":"additional","div":"x"},"a":2}""")]
    [InlineData("""{"text":{"status":"generated","div":"x"},"a":1}""", """[{"op":"replace","path":"/a","value":2},{"op":"replace","path":"/text/div","value":"y"}]""", """{"text":{"status":"generated","div":"y"},"a":2}""")]
    [InlineData("""{"text":{"status":"generated","div":"x"},"a":1}""", """[{"op":"add","path":"/meta/tag","value":[]},{"op":"remove","path":"/meta/tag"}]""", """{"text":{"status":"generated","div":"x"},"a":1}""")]
    public void A_patch_changes_what_it_names(string before, string patch, string after) =>
        Assert.Equal(Resource(after), Apply(before, patch));

    [Theory]
    [InlineData("""[{"op":"test","path":"/baz","value":"bar"}]""")]
    [InlineData("""[{"op":"test","path":"/baz","value":10}]""")]
    [InlineData("""[{"op":"test","path":"/none","value":null}]""")]
    [InlineData("""[{"op":"add","path":"/none/bat","value":"qux"}]""")]
    [InlineData("""[{"op":"add","path":"/foo/3","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/foo/01","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/foo/1e0","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/foo/x","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/foo/9999999999","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/baz/x","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/none"}]""")]
    [InlineData("""[{"op":"remove","path":"/foo/2"}]""")]
    [InlineData("""[{"op":"remove","path":"/foo/-"}]""")]
    [InlineData("""[{"op":"replace","path":"/none","value":1}]""")]
    [InlineData("""[{"op":"move","from":"/none","path":"/baz"}]""")]
    [InlineData("""[{"op":"copy","from":"/none","path":"/baz"}]""")]
    [InlineData("""[{"op":"remove","path":""}]""")]
    [InlineData("""[{"op":"replace","path":"","value":5}]""")]
    [InlineData("""[{"op":"replace","path":"","value":null},{"op":"add","path":"/a","value":1}]""")]
    [InlineData("""[{"op":"replace","path":"","value":{"resourceType":"Basic","id":"other"}}]""")]
    [InlineData("""[{"op":"replace","path":"/id","value":"other"}]""")]
    [InlineData("""[{"op":"remove","path":"/id"}]""")]
    [InlineData("""[{"op":"replace","path":"/resourceType","value":"Patient"}]""")]
    [InlineData("""[{"op":"replace","path":"/meta/versionId","value":"4"}]""")]
    [InlineData("""[{"op":"replace","path":"/meta/lastUpdated","value":"2027-01-01T00:00:00Z"}]""")]
    public void What_does_not_fit_the_resource_is_422(string patch) =>
        Assert.Equal(HttpStatusCode.UnprocessableEntity, Refused("""{"foo":["bar","x"],"baz":"qux"}""", patch));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[null]")]
    [InlineData("""[{"path":"/a","value":1}]""")]
    [InlineData("""[{"op":"add","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a~2","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a~","value":1}]""")]
    [InlineData("""[{"op":"add","path":1,"value":1}]""")]
    [InlineData("""[{"op":"delete","path":"/a"}]""")]
    [InlineData("""[{"op":"\ud800","path":"/a"}]""")]
    [InlineData("""[{"op":"remove","path":"\ud800"}]""")]
    [InlineData("""[{"op":"copy","path":"/a","from":"/\udc00"}]""")]
    [InlineData("""[{"op":"add","path":"/a","value":{"a":["\ud800"]}}]""")]
    [InlineData("""[{"op":"add","path":"/a","value":{"\ud800":1}}]""")]
    [InlineData("""[{"op":"add","path":"/a","value":1,"\ud800":1}]""")]
    [InlineData("""[{"op":"add","path":"/a","value":"\u0000"}]""")]
    [InlineData("""[{"op":"move","path":"/a"}]""")]
    [InlineData("""[{"op":"move","path":"/a/b","from":"/a"}]""")]
    [InlineData("""[{"op":"add","op":"remove","path":"/baz","value":1}]""")]
    public void What_is_no_patch_is_400(string patch) => Assert.Equal(HttpStatusCode.BadRequest, Refused("""{"a":1}""", patch));

    [Fact]
    public void A_patch_cannot_grow_without_end()
    {
        var doubling = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"op":"copy","from":"/a","path":"/a/{{i}}"}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, Refused("""{"a":["x"]}""", $"[{doubling}]"));
        var wide = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/b","path":"/a/-"}"""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, Refused("""{"a":["x"]}""", $"[{wide}]"));
        var many = string.Join(',', Enumerable.Repeat("""{"op":"test","path":"/a","value":["x"]}""", ResourcePatch.MaxOperations + 1));
        Assert.Equal(HttpStatusCode.BadRequest, Refused("""{"a":["x"]}""", $"[{many}]"));
    }

    private static string Apply(string before, string patch) =>
        Encoding.UTF8.GetString(ResourcePatch.OfJson(Encoding.UTF8.GetBytes(patch)).Apply(Encoding.UTF8.GetBytes(Resource(before))));

    private static HttpStatusCode Refused(string before, string patch) => Assert.Throws<FhirException>(() => Apply(before, patch)).Status;

    private static string Resource(string members) => members == "{}" ? Head + "}" : $"{Head},{members[1..]}";
}
