using System.Net;

namespace TeleFhir.Api.Tests.Fhir;

/// <summary>What no resource may look like: each fault is 400 with one issue, whose expression is the element.</summary>
public abstract class FaultyContentTests(TelehealthHost host)
{
    [Theory]
    [InlineData("an object for a primitive", "Patient.birthDate", "\"birthDate\":{\"value\":\"2000-01-01\"}")]
    [InlineData("a primitive for an object", "Patient.maritalStatus", "\"maritalStatus\":\"M\"")]
    [InlineData("an array for a single value", "Patient.birthDate", "\"birthDate\":[\"2000-01-01\"]")]
    [InlineData("a single value for an array", "Patient.name", "\"name\":{\"family\":\"x\"}")]
    [InlineData("an empty array", "Patient.name", "\"name\":[]")]
    [InlineData("an array of null", "Patient.name", "\"name\":[null]")]
    [InlineData("null in an array of primitives", "Patient.name[0].given", "\"name\":[{\"given\":[null]}]")]
    [InlineData("an empty object", "Patient.name[0]", "\"name\":[{}]")]
    [InlineData("null", "Patient.birthDate", "\"birthDate\":null")]
    [InlineData("an empty string", "Patient.name[0].family", "\"name\":[{\"family\":\"\"}]")]
    [InlineData("a number for a string", "Patient.name[0].family", "\"name\":[{\"family\":7}]")]
    [InlineData("a string for a boolean", "Patient.active", "\"active\":\"true\"")]
    [InlineData("a boolean for a date", "Patient.birthDate", "\"birthDate\":true")]
    [InlineData("an unknown element", "Patient.nonsense", "\"nonsense\":1")]
    [InlineData("an unknown element inside", "Patient.name[0].nonsense", "\"name\":[{\"nonsense\":1,\"family\":\"x\"}]")]
    [InlineData("two values for one choice", "Patient.deceased", "\"deceasedBoolean\":true,\"deceasedDateTime\":\"2000-01-01\"")]
    [InlineData("a type that the choice does not have", "Patient.deceased", "\"deceasedString\":\"yes\"")]
    [InlineData("a date that is none", "Patient.birthDate", "\"birthDate\":\"2000-02-30\"")]
    [InlineData("a code that is not of the value set", "Patient.gender", "\"gender\":\"m\"")]
    [InlineData("more companions than values", "Patient.name[0].given", "\"name\":[{\"given\":[\"a\"],\"_given\":[null,null,{\"id\":\"x\"}]}]")]
    [InlineData("a companion that is no object", "Patient.birthDate", "\"birthDate\":\"2000-01-01\",\"_birthDate\":\"x\"")]
    [InlineData("a script in the narrative", "Patient.text.div", "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><script>x</script></div>\"}")]
    [InlineData("a handler in the narrative", "Patient.text.div", "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p onclick=\\\"x()\\\">x</p></div>\"}")]
    [InlineData("a mandatory element that is missing", "Patient.communication[0].language", "\"communication\":[{\"preferred\":true}]")]
    [InlineData("a reference to a type that the element does not take", "Patient.managingOrganization", "\"managingOrganization\":{\"reference\":\"Patient/1\"}")]
    [InlineData("an unknown type of contained resource", "Patient.contained[0]", "\"contained\":[{\"resourceType\":\"Nonsense\",\"id\":\"a\"}]")]
    public async Task A_fault_is_400_at_its_element(string fault, string expression, string member)
    {
        var answer = await host.PostAsync("/fhir/Patient", $$"""{"resourceType":"Patient",{{member}}}""");

        Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{fault}: {answer.Status}");
        Assert.True(answer.Json["issue"]!.AsArray().Count == 1, answer.Body);
        var issue = answer.Json["issue"]![0]!;
        Assert.StartsWith(expression, issue["expression"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("error", issue["severity"]!.GetValue<string>());
    }

    [Fact]
    public async Task Several_faults_are_told_at_once()
    {
        var answer = await host.PostAsync(
            "/fhir/Patient", """{"resourceType":"Patient","birthDate":"x","gender":"m","nonsense":1,"name":[{"family":""}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(
            ["Patient.birthDate", "Patient.gender", "Patient.name[0].family", "Patient.nonsense"],
            answer.Json["issue"]!.AsArray().Select(issue => issue!["expression"]![0]!.GetValue<string>()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_broken_invariant_is_422_and_leaves_nothing_behind()
    {
        const string json = """{"resourceType":"Patient","identifier":[{"system":"http://broken","value":"1"}],"contact":[{"gender":"male"}]}""";
        var answer = await host.PostAsync("/fhir/Patient", json);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invariant"), (answer.Status, answer.IssueCode));
        Assert.Equal(0, (await host.GetAsync("/fhir/Patient?identifier=http://broken|1")).Json["total"]!.GetValue<int>());
        var update = await host.PutAsync("/fhir/Patient/broken", json.Replace("\"identifier\"", "\"id\":\"broken\",\"identifier\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, update.Status);
    }

    [Fact]
    public async Task An_entry_that_breaks_a_rule_is_named()
    {
        var answer = await host.PostAsync("/fhir", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},
              {"resource":{"resourceType":"Patient","contact":[{"gender":"male"}]},"request":{"method":"POST","url":"Patient"}}]}
            """);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("Bundle.entry[1].resource.contact[0]", answer.Json["issue"]![0]!["expression"]![0]!.GetValue<string>());
    }
}

public sealed class FaultyContentTestsOnSqlite(TelehealthHost host) : FaultyContentTests(host), IClassFixture<TelehealthHost>;

public sealed class FaultyContentTestsOnPostgreSql(PostgreSqlHost host) : FaultyContentTests(host), IClassFixture<PostgreSqlHost>;
