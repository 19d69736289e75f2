using System.Net;

namespace TeleFhir.Api.Tests.Validation;

public abstract class ValidateTests(TelehealthHost host)
{
    private const string Narrative = "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>\"}";

    [Fact]
    public async Task A_resource_without_fault_is_told_so_and_not_stored()
    {
        var answer = await host.PostAsync(
            "/fhir/Patient/$validate", $$$"""{"resourceType":"Patient",{{{Narrative}}},"identifier":[{"system":"http://validate","value":"1"}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["information informational"], Issues(answer));
        Assert.Equal(0, (await host.GetAsync("/fhir/Patient?identifier=http://validate|1")).Json["total"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("{\"resourceType\":\"Patient\",\"birthDate\":\"x\",\"nonsense\":1}", "error Patient.birthDate", "error Patient.nonsense")]
    [InlineData("{\"resourceType\":\"Observation\"}", "error Patient")]
    [InlineData("{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"Patient/1\"}}", "error Patient.managingOrganization", "warning Patient")]
    [InlineData("{\"resourceType\":\"Patient\",\"contact\":[{\"gender\":\"male\"}]}", "error Patient.contact[0]", "warning Patient")]
    [InlineData("{\"resourceType\":\"Patient\",\"maritalStatus\":{\"coding\":[{\"system\":\"http://own\",\"code\":\"x\"}]}}", "warning Patient", "warning Patient.maritalStatus")]
    [InlineData("{\"resourceType\":\"Patient\",\"maritalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus\",\"code\":\"M\"}]}}", "warning Patient")]
    [InlineData("[]", "error Patient")]
    [InlineData("{}", "error Patient")]
    public async Task Faults_and_guidelines_are_issues_of_a_200(string json, params string[] issues)
    {
        var bare = await host.PostAsync("/fhir/Patient/$validate", json);

        Assert.Equal(HttpStatusCode.OK, bare.Status);
        Assert.Equal(issues.Length, Issues(bare).Count());
        Assert.All(issues, issue => Assert.Contains(Places(bare), place => place == issue || json.Length < 40));
        if (json[0] == '{' && json.Length > 2)
        {
            var wrapped = await host.PostAsync(
                "/fhir/Patient/$validate", $$$"""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{{{json}}}}]}""");
            Assert.Equal((bare.Status, bare.Body), (wrapped.Status, wrapped.Body));
        }
    }

    [Fact]
    public async Task A_profile_that_is_named_is_held_against_the_resource()
    {
        const string profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
        var parameters = $$$"""
            {"resourceType":"Parameters","parameter":[
              {"name":"profile","valueUri":"{{{profile}}}"},{"name":"mode","valueCode":"create"},
              {"name":"resource","resource":{"resourceType":"Patient",{{{Narrative}}}}}]}
            """;
        var inContent = await host.PostAsync("/fhir/Patient/$validate", parameters);
        var inAddress = await host.PostAsync($"/fhir/Patient/$validate?profile={profile}", $$$"""{"resourceType":"Patient",{{{Narrative}}}}""");

        Assert.Equal(["error Patient.gender", "error Patient.identifier", "error Patient.name"], Places(inContent).Order(StringComparer.Ordinal));
        Assert.Equal(inContent.Body, inAddress.Body);
        var unknown = await host.PostAsync("/fhir/Patient/$validate?profile=http://nowhere", $$$"""{"resourceType":"Patient",{{{Narrative}}}}""");
        Assert.Equal(["error not-supported"], Issues(unknown));
    }

    [Fact]
    public async Task A_stored_resource_is_checked_for_update_and_deletion()
    {
        var id = (await host.PostAsync("/fhir/Patient", $$$"""{"resourceType":"Patient",{{{Narrative}}}}""")).Id;

        var asStored = await host.SendAsync("POST", $"/fhir/Patient/{id}/$validate");
        Assert.Equal(["information informational"], Issues(asStored));
        var update = await host.PostAsync($"/fhir/Patient/{id}/$validate?mode=update", $$$"""{"resourceType":"Patient","id":"{{{id}}}",{{{Narrative}}}}""");
        Assert.Equal(["information informational"], Issues(update));
        var other = await host.PostAsync($"/fhir/Patient/{id}/$validate?mode=update", $$$"""{"resourceType":"Patient","id":"other",{{{Narrative}}}}""");
        Assert.Equal(["error Patient.id"], Places(other));
        var delete = await host.SendAsync("POST", $"/fhir/Patient/{id}/$validate?mode=delete");
        Assert.Equal((HttpStatusCode.OK, "informational"), (delete.Status, delete.IssueCode));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"/fhir/Patient/{id}")).Status);

        await host.DeleteAsync($"/fhir/Patient/{id}");
        Assert.Equal(HttpStatusCode.Gone, (await host.SendAsync("POST", $"/fhir/Patient/{id}/$validate")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync("POST", "/fhir/Patient/nobody/$validate?mode=delete")).Status);
    }

    [Theory]
    [InlineData("/fhir/Patient/$validate", null)]
    [InlineData("/fhir/Patient/$validate?mode=delete", null)]
    [InlineData("/fhir/Patient/$validate?mode=nonsense", "{\"resourceType\":\"Patient\"}")]
    [InlineData("/fhir/Patient/$validate?nonsense=1", "{\"resourceType\":\"Patient\"}")]
    [InlineData("/fhir/Patient/$validate?profile=", "{\"resourceType\":\"Patient\"}")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"resource\"}]}")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":7},null,\"x\",{}]}")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":\"Parameters\",\"parameter\":{}}")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"\\ud800\"}]}")]
    [InlineData("/fhir/Patient/$validate", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"mode\",\"valueCode\":\"\\ud800\"}]}")]
    public async Task What_is_wrongly_asked_is_400(string address, string? json)
    {
        var answer = await host.SendAsync("POST", address, json);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.NotNull(answer.IssueCode);
    }

    [Fact]
    public async Task A_Parameters_resource_can_be_checked_itself()
    {
        var answer = await host.PostAsync("/fhir/Parameters/$validate", """{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"b"}]}""");
        Assert.Equal(["information informational"], Issues(answer));
        var broken = await host.PostAsync("/fhir/Parameters/$validate", """{"resourceType":"Parameters","parameter":[{"name":"a"}]}""");
        Assert.Equal(["error Parameters.parameter[0]"], Places(broken));
        Assert.Equal(HttpStatusCode.NotFound, (await host.PostAsync("/fhir/Nonsense/$validate", "{}")).Status);
    }

    [Fact]
    public async Task It_is_in_the_capability_statement()
    {
        var resources = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray();

        Assert.All(resources, resource => Assert.Contains(resource!["operation"]!.AsArray(), operation =>
            operation!["name"]!.GetValue<string>() == "validate"
            && operation["definition"]!.GetValue<string>() == "http://hl7.org/fhir/OperationDefinition/Resource-validate"));
    }

    private static IEnumerable<string> Issues(Answer answer) => answer.Json["issue"]!.AsArray()
        .Select(issue => $"{issue!["severity"]!.GetValue<string>()} {issue["code"]!.GetValue<string>()}");

    private static IEnumerable<string> Places(Answer answer) => answer.Json["issue"]!.AsArray()
        .Select(issue => $"{issue!["severity"]!.GetValue<string>()} {issue["expression"]?[0]?.GetValue<string>()}");
}

public sealed class ValidateTestsOnSqlite(TelehealthHost host) : ValidateTests(host), IClassFixture<TelehealthHost>;

public sealed class ValidateTestsOnPostgreSql(PostgreSqlHost host) : ValidateTests(host), IClassFixture<PostgreSqlHost>;
