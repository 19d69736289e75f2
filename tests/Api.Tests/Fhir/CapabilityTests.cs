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
            Assert.True(answer.Status == System.Net.HttpStatusCode.OK || name is "_id" or "_lastUpdated", $"{name}: {answer.Body}");
        }
    }

    [Fact]
    public async Task The_statement_is_a_valid_resource()
    {
        var answer = await host.GetAsync("/fhir/metadata");

        FhirJson.Parse(System.Text.Encoding.UTF8.GetBytes(answer.Body), "CapabilityStatement");
        Assert.Equal("http://localhost/fhir", answer.Json["implementation"]!["url"]!.GetValue<string>());
    }

    private static IEnumerable<string> Codes(JsonNode interactions) => interactions.AsArray().Select(one => one!["code"]!.GetValue<string>());
}
