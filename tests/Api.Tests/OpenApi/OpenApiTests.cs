using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.OpenApi;
using TeleFhir.Api.Tests.Architecture;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Tests.OpenApi;

public sealed class OpenApiTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    [Fact]
    public async Task The_committed_document_is_what_the_server_says()
    {
        var served = await host.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken);
        var path = Path.Combine(RepositoryFiles.Root, "openapi", "telefhir.v1.json");
#pragma warning disable RS0030 // A test run has no configuration but its environment.
        if (Environment.GetEnvironmentVariable("TELEFHIR_ACCEPT_OPENAPI") == "1")
#pragma warning restore RS0030 // As above.
        {
            await File.WriteAllTextAsync(path, served.ReplaceLineEndings("\n").TrimEnd() + "\n", TestContext.Current.CancellationToken);
        }

        var committed = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(committed), JsonNode.Parse(served)), "The API changed: run `make openapi`, look at the difference and commit it.");
    }

    [Fact]
    public async Task Spelled_out_types_list_every_search_parameter()
    {
        var document = JsonNode.Parse(await host.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
        foreach (var type in FhirDocumentFilter.SpelledOut)
        {
            var names = document["paths"]![$"/fhir/{type}"]!["get"]!["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]).ToList();
            Assert.All(SearchParameterCatalog.R4.For(type), parameter => Assert.Contains(parameter.Code, names));
        }
    }

    [Fact]
    public async Task Every_example_is_accepted()
    {
        foreach (var type in (string[])[.. FhirDocumentFilter.SpelledOut, "{type}"])
        {
            var example = ResourceExamples.For(type)!;
            var answer = await host.PostAsync($"/fhir/{example["resourceType"]}", example.ToJsonString());
            Assert.True(answer.Status == HttpStatusCode.Created, $"{type}: {answer.Body}");
        }

        var transaction = await host.PostAsync("/fhir", ResourceExamples.Transaction!.ToJsonString());
        Assert.True(transaction.Status == HttpStatusCode.OK, transaction.Body);
    }
}
