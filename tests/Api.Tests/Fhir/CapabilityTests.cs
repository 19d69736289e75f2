using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Tests.Fhir;

public sealed class CapabilityTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    [Fact]
    public async Task Every_type_is_declared_with_what_is_routed_for_it()
    {
        var rest = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!;

        Assert.Equal(ResourceCatalog.Types, rest["resource"]!.AsArray().Select(resource => resource!["type"]!.GetValue<string>()));
        Assert.All(rest["resource"]!.AsArray(), resource => Assert.Equal(
            resource!["type"]!.GetValue<string>() == "AuditEvent"
                ? ["read", "vread", "history-instance", "history-type", "create", "search-type"]
                : ["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"],
            Codes(resource["interaction"]!)));
        Assert.Equal(["transaction", "batch", "search-system", "history-system"], Codes(rest["interaction"]!));
    }

    [Fact]
    public async Task Every_declared_search_parameter_is_understood()
    {
        var resources = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray();
        var patient = resources.Single(resource => resource!["type"]!.GetValue<string>() == "Patient")!;

        foreach (var parameter in patient["searchParam"]!.AsArray())
        {
            var name = parameter!["name"]!.GetValue<string>();
            var answer = await host.GetAsync($"/fhir/Patient?{name}:missing=true", "Prefer: handling=strict");
            Assert.True(answer.Status == HttpStatusCode.OK || name is "_id" or "_lastUpdated", $"{name}: {answer.Body}");
        }
    }

    [Fact]
    public async Task Everything_declared_of_every_type_is_there()
    {
        var rest = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!;
        Assert.Null(rest["security"]);
        foreach (var resource in rest["resource"]!.AsArray())
        {
            var type = resource!["type"]!.GetValue<string>();
            foreach (var parameter in resource["searchParam"]!.AsArray())
            {
                var (name, documentation) = (parameter!["name"]!.GetValue<string>(), parameter["documentation"]!.GetValue<string>());
                foreach (var modifier in documentation.Split("Modifiers: ") is [_, var list] ? list.Split(' ') : [])
                {
                    var value = (modifier, parameter["type"]!.GetValue<string>()) switch
                    {
                        (":missing", _) => "true",
                        (":in" or ":not-in", _) => "http://hl7.org/fhir/ValueSet/administrative-gender",
                        (":above" or ":below", "token") => "http://hl7.org/fhir/administrative-gender|male",
                        (":of-type", _) => "urn:s|type|x",
                        (":identifier", _) => "urn:s|x",
                        _ => "x",
                    };
                    var named = modifier == ":[type]" ? ":" + (parameter["target"]?[0]?.GetValue<string>() ?? "Patient") : modifier;
                    var answer = await host.GetAsync($"/fhir/{type}?{name}{named}={value}&_count=1", "Prefer: handling=strict");
                    Assert.True(answer.Status == HttpStatusCode.OK, $"{type} {name}{named}={value}: {answer.Body}");
                }
            }

            foreach (var include in Texts(resource["searchInclude"]).Select(one => $"_include={one}").Concat(Texts(resource["searchRevInclude"]).Select(one => $"_revinclude={one}")))
            {
                var answer = await host.GetAsync($"/fhir/{type}?{include}&_count=1", "Prefer: handling=strict");
                Assert.True(answer.Status == HttpStatusCode.OK, $"{type} {include}: {answer.Body}");
            }

            foreach (var operation in Texts(resource["operation"], "name"))
            {
                var statuses = new List<HttpStatusCode>();
                foreach (var address in (string[])[$"/fhir/{type}/${operation}", $"/fhir/{type}/nobody/${operation}"])
                {
                    statuses.Add((await host.PostAsync(address, """{"resourceType":"Parameters"}""")).Status);
                }

                Assert.Contains(statuses, status => status != HttpStatusCode.MethodNotAllowed);
                Assert.True(statuses.Any(status => status is not HttpStatusCode.NotFound) || await NamesAsync(type, operation), $"{type} {operation}");
            }
        }

        foreach (var name in Texts(rest["searchParam"], "name").Where(name => name.Length > 0))
        {
            var value = name switch { "_filter" => "_id eq x", "_type" => "Patient", "_lastUpdated" => "2020", _ => "x" };
            if (name != "_has")
            {
                var answer = await host.GetAsync($"/fhir?_type=Patient&{(name == "_type" ? "" : $"{name}={value}")}", "Prefer: handling=strict");
                Assert.True(answer.Status == HttpStatusCode.OK, $"{name}: {answer.Body}");
            }
        }

        // 404 is also what an operation says of what is not there.
        async Task<bool> NamesAsync(string type, string operation) =>
            (await host.PostAsync($"/fhir/{type}/nobody/${operation}", """{"resourceType":"Parameters"}""")).Body.Contains("does not exist", StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_statement_is_a_valid_resource()
    {
        var answer = await host.GetAsync("/fhir/metadata");

        FhirJson.Parse(System.Text.Encoding.UTF8.GetBytes(answer.Body), "CapabilityStatement");
        Assert.Equal("http://localhost/fhir", answer.Json["implementation"]!["url"]!.GetValue<string>());
    }

    private static IEnumerable<string> Texts(JsonNode? array, string? member = null) =>
        array?.AsArray().Select(one => (member is null ? one : one![member])!.GetValue<string>()) ?? [];

    private static IEnumerable<string> Codes(JsonNode interactions) => interactions.AsArray().Select(one => one!["code"]!.GetValue<string>());
}
