using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Terminology;

public abstract class TerminologyTests(TelehealthHost host)
{
    private const string Gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
    private const string RoleClass = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";

    [Fact]
    public async Task A_value_set_of_R4_is_expanded()
    {
        var answer = await host.GetAsync($"/fhir/ValueSet/$expand?url={Gender}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["male", "female", "other", "unknown"], Codes(answer));
        Assert.Equal((4, "Male"), (answer.Json["expansion"]!["total"]!.GetValue<int>(), answer.Json["expansion"]!["contains"]![0]!["display"]!.GetValue<string>()));
        Assert.Equal(Codes(answer), Codes(await host.GetAsync($"/fhir/ValueSet/$expand?url={Gender}%7C4.0.1")));
        Assert.Equal(Codes(answer), Codes(await host.PostAsync(
            "/fhir/ValueSet/$expand", $$$"""{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"{{{Gender}}}"}]}""")));
    }

    [Theory]
    [InlineData("filter=MALE", "male", "female")]
    [InlineData("filter=nothing")]
    [InlineData("count=2", "male", "female")]
    [InlineData("offset=1&count=2", "female", "other")]
    [InlineData("offset=3", "unknown")]
    [InlineData("count=0")]
    public async Task An_expansion_is_filtered_and_paged(string parameters, params string[] codes)
    {
        var answer = await host.GetAsync($"/fhir/ValueSet/$expand?url={Gender}&{parameters}");

        Assert.Equal(codes, Codes(answer));
        Assert.Equal(parameters[0] == 'f' ? codes.Length : 4, answer.Json["expansion"]!["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Hierarchies_filters_imports_and_exclusions_are_worked_out()
    {
        var answer = await ExpandAsync($$$"""
            {"include":[
              {"system":"{{{RoleClass}}}","filter":[{"property":"concept","op":"is-a","value":"EMP"}]},
              {"valueSet":["{{{Gender}}}"]},
              {"system":"http://own","concept":[{"code":"a","display":"A","designation":[{"language":"de","value":"Ah"}]}]}],
             "exclude":[{"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"unknown"}]}]}
            """, ",{\"name\":\"includeDesignations\",\"valueBoolean\":true}");

        Assert.Equal(["EMP", "MIL", "male", "female", "other", "a"], Codes(answer));
        Assert.Equal("Ah", answer.Json["expansion"]!["contains"]![5]!["designation"]![0]!["value"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("is-a", "concept", "EMP", "EMP", "MIL")]
    [InlineData("descendent-of", "concept", "EMP", "MIL")]
    [InlineData("generalizes", "concept", "EMP", "ROL", "_RoleClassAssociative", "_RoleClassMutualRelationship", "LIC", "EMP")]
    [InlineData("=", "parent", "EMP", "MIL")]
    [InlineData("in", "concept", "EMP,MIL", "EMP", "MIL")]
    [InlineData("regex", "code", "EM.", "EMP")]
    public async Task Filters_of_a_code_system_that_is_here_are_understood(string op, string property, string value, params string[] codes)
    {
        var answer = await ExpandAsync(
            $$$"""{"include":[{"system":"{{{RoleClass}}}","filter":[{"property":"{{{property}}}","op":"{{{op}}}","value":"{{{value}}}"}]}]}""");

        if (op == "generalizes")
        {
            Assert.Contains("EMP", Codes(answer));
            Assert.Contains("ROL", Codes(answer));
            Assert.DoesNotContain("MIL", Codes(answer));
        }
        else
        {
            Assert.Equal(codes, Codes(answer));
        }
    }

    [Theory]
    [InlineData("GET", "ValueSet/$expand?url=http://nowhere", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "ValueSet/nobody/$expand", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "ValueSet/$expand", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&count=x", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&offset=-1", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&nonsense=1", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-codes", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/condition-code", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("POST", "ValueSet/$expand", "{\"resourceType\":\"Patient\"}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "ValueSet/$expand", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"valueSet\",\"resource\":{\"resourceType\":\"Patient\",\"active\":true}}]}", HttpStatusCode.BadRequest)]
    [InlineData("POST", "ValueSet/$expand", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"url\",\"valueCoding\":{\"code\":\"x\"}}]}", HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$validate-code?url=http://nowhere&code=x", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/observation-codes&system=http://loinc.org&code=1-8", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("GET", "CodeSystem/$lookup?system=http://nowhere&code=x", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=x", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "CodeSystem/$lookup?code=x", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "CodeSystem/$lookup", null, HttpStatusCode.BadRequest)]
    [InlineData("GET", "CodeSystem/$validate-code?url=http://nowhere&code=x", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "CodeSystem/$validate-code?url=http://snomed.info/sct&code=x", null, HttpStatusCode.UnprocessableEntity)]
    [InlineData("DELETE", "ValueSet/$expand", null, HttpStatusCode.NotFound)]
    public async Task What_cannot_be_told_is_told_apart(string method, string address, string? json, HttpStatusCode status)
    {
        var answer = await host.SendAsync(method, $"/fhir/{address}", json);

        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
        Assert.NotNull(answer.IssueCode);
    }

    [Theory]
    [InlineData("system=http://hl7.org/fhir/administrative-gender&code=male", true)]
    [InlineData("code=male", true)]
    [InlineData("system=http://hl7.org/fhir/administrative-gender&code=male&display=Male", true)]
    [InlineData("system=http://hl7.org/fhir/administrative-gender&code=male&display=Female", false)]
    [InlineData("system=http://hl7.org/fhir/administrative-gender&code=m", false)]
    [InlineData("system=http://own&code=male", false)]
    public async Task A_code_is_checked_against_a_value_set(string parameters, bool result)
    {
        var answer = await host.GetAsync($"/fhir/ValueSet/$validate-code?url={Gender}&{parameters}");

        Assert.Equal(result, Value(answer, "result", "valueBoolean")!.GetValue<bool>());
        Assert.Equal(result, Value(answer, "message", "valueString") is null);
    }

    [Fact]
    public async Task One_right_coding_of_a_concept_is_enough_and_a_group_is_no_value()
    {
        var concept = await host.PostAsync("/fhir/ValueSet/$validate-code", $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"{{{Gender}}}"},
              {"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"http://own","code":"x"},{"system":"http://hl7.org/fhir/administrative-gender","code":"female"}]}}]}
            """);
        Assert.Equal(("true", "Female"), (Value(concept, "result", "valueBoolean")!.ToString(), Value(concept, "display", "valueString")!.ToString()));

        var group = await host.GetAsync($"/fhir/CodeSystem/$validate-code?url={RoleClass}&code=_RoleClassAssociative");
        Assert.Equal("false", Value(group, "result", "valueBoolean")!.ToString());
        var allowed = await host.GetAsync($"/fhir/CodeSystem/$validate-code?url={RoleClass}&code=_RoleClassAssociative&abstract=true");
        Assert.Equal("true", Value(allowed, "result", "valueBoolean")!.ToString());
        var coding = await host.PostAsync("/fhir/CodeSystem/$validate-code", $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"{{{RoleClass}}}","code":"EMP"}}]}
            """);
        Assert.Equal("true", Value(coding, "result", "valueBoolean")!.ToString());
    }

    [Fact]
    public async Task A_code_is_looked_up_with_its_place()
    {
        var answer = await host.GetAsync($"/fhir/CodeSystem/$lookup?system={RoleClass}&code=EMP");

        Assert.Equal("employee", Value(answer, "display", "valueString")!.GetValue<string>());
        var properties = answer.Json["parameter"]!.AsArray().Where(parameter => parameter!["name"]!.GetValue<string>() == "property")
            .Select(parameter => $"{parameter!["part"]![0]!["valueCode"]}={parameter["part"]![1]!["valueCode"] ?? parameter["part"]![1]!["valueString"]}").ToList();
        Assert.Contains("child=MIL", properties);
        Assert.Contains(properties, property => property.StartsWith("definition=", StringComparison.Ordinal));
        var some = await host.GetAsync($"/fhir/CodeSystem/$lookup?system={RoleClass}&code=EMP&property=child");
        Assert.Single(some.Json["parameter"]!.AsArray(), parameter => parameter!["name"]!.GetValue<string>() == "property");
        var posted = await host.PostAsync("/fhir/CodeSystem/$lookup", $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"{{{RoleClass}}}","code":"EMP"}}]}
            """);
        Assert.Equal(answer.Body, posted.Body);
    }

    [Fact]
    public async Task What_is_stored_here_is_known_and_what_R4_defines_stays_what_it_is()
    {
        await host.PutAsync("/fhir/CodeSystem/own", """
            {"resourceType":"CodeSystem","id":"own","url":"http://own/cs","status":"active","content":"complete","caseSensitive":false,
             "concept":[{"code":"A","display":"Ah","concept":[{"code":"B","display":"Beh"}]},{"code":"C","property":[{"code":"parent","valueCode":"B"}]}]}
            """);
        var stored = await host.PutAsync("/fhir/ValueSet/own", """
            {"resourceType":"ValueSet","id":"own","url":"http://own/vs","version":"2","status":"active",
             "compose":{"include":[{"system":"http://own/cs","filter":[{"property":"concept","op":"is-a","value":"B"}]}]}}
            """);
        Assert.Equal(HttpStatusCode.Created, stored.Status);

        string[] expected = ["B", "C"];
        Assert.Equal(expected, Codes(await host.GetAsync("/fhir/ValueSet/$expand?url=http://own/vs")));
        Assert.Equal(expected, Codes(await host.GetAsync("/fhir/ValueSet/own/$expand")));
        Assert.Equal(expected, Codes(await host.GetAsync("/fhir/ValueSet/$expand?url=http://own/vs&valueSetVersion=2")));
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/ValueSet/$expand?url=http://own/vs&valueSetVersion=1")).Status);
        Assert.Equal("true", Value(await host.GetAsync("/fhir/ValueSet/own/$validate-code?system=http://own/cs&code=C"), "result", "valueBoolean")!.ToString());
        Assert.Equal("true", Value(await host.GetAsync("/fhir/CodeSystem/own/$validate-code?code=a"), "result", "valueBoolean")!.ToString());

        await host.PutAsync("/fhir/ValueSet/fake", $$$"""{"resourceType":"ValueSet","id":"fake","url":"{{{Gender}}}","status":"active","compose":{"include":[{"system":"http://own/cs"}]}}""");
        Assert.Equal(4, Codes(await host.GetAsync($"/fhir/ValueSet/$expand?url={Gender}")).Count());
    }

    [Fact]
    public async Task A_value_set_that_is_made_of_itself_is_422()
    {
        await host.PutAsync("/fhir/ValueSet/circle", """{"resourceType":"ValueSet","id":"circle","url":"http://own/circle","status":"active","compose":{"include":[{"valueSet":["http://own/circle"]}]}}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.GetAsync("/fhir/ValueSet/circle/$expand")).Status);
    }

    [Theory]
    [InlineData("ValueSet", "expand validate-code")]
    [InlineData("CodeSystem", "lookup validate-code")]
    public async Task They_are_in_the_capability_statement(string type, string names)
    {
        var resource = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray().Single(one => one!["type"]!.GetValue<string>() == type);

        Assert.Equal(
            names.Split(' ').Select(name => $"http://hl7.org/fhir/OperationDefinition/{type}-{name}"),
            resource!["operation"]!.AsArray().Select(operation => operation!["definition"]!.GetValue<string>()).Where(url => url.Contains(type, StringComparison.Ordinal)));
    }

    private Task<Answer> ExpandAsync(string compose, string more = "") => host.PostAsync("/fhir/ValueSet/$expand", $$$"""
        {"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"active","compose":{{{compose}}}}}{{{more}}}]}
        """);

    private static IEnumerable<string> Codes(Answer answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return (answer.Json["expansion"]!["contains"]?.AsArray() ?? []).Select(code => code!["code"]!.GetValue<string>());
    }

    private static JsonNode? Value(Answer answer, string name, string type)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer.Json["parameter"]!.AsArray().FirstOrDefault(parameter => parameter!["name"]!.GetValue<string>() == name)?[type];
    }
}

public sealed class TerminologyTestsOnSqlite(TelehealthHost host) : TerminologyTests(host), IClassFixture<TelehealthHost>;

public sealed class TerminologyTestsOnPostgreSql(PostgreSqlHost host) : TerminologyTests(host), IClassFixture<PostgreSqlHost>;
