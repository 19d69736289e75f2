using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Api.Tests.Fhir;

/// <summary>Posts every example of the R4 specification. What is refused is refused for a reason that is written down here.</summary>
public sealed class SpecificationExamplesTests
{
    /// <summary>File name to what is wrong with it.</summary>
    private static readonly Dictionary<string, string> _faulty = new(StringComparer.Ordinal)
    {
        ["ActivityDefinition-blood-tubes-supply.json"] = "The narrative is empty (txt-2).",
        ["ActivityDefinition-heart-valve-replacement.json"] = "The narrative is empty (txt-2).",
        ["Bundle-dataelements.json"] = "20 MB of more than a million elements: over the limit.",
        ["Bundle-v2-valuesets.json"] = "Codes end in a no-break space.",
        ["CodeSystem-v2-0550.json"] = "Codes end in a no-break space.",
        ["DeviceMetric-example.json"] = "The parent is a DeviceDefinition, where R4 takes a Device.",
        ["DeviceUseStatement-example.json"] = "A reason is a Procedure, which R4 does not take.",
        ["EventDefinition-example.json"] = "The narrative is empty (txt-2).",
        ["ImplementationGuide-fhir.json"] = "No status, no name.",
        ["MedicationRequest-medrx0301.json"] = "The dispenser is a Practitioner, where R4 takes an Organization.",
        ["Observation-clinical-gender.json"] = "The performer is an Encounter.",
        ["Questionnaire-qs1.json"] = "Items without linkId.",
        ["Questionnaire-zika-virus-exposure-assessment.json"] = "The narrative is empty (txt-2).",
        ["SearchParameter-codesystem-extensions-CodeSystem-author.json"] = "No base.",
        ["SearchParameter-codesystem-extensions-CodeSystem-effective.json"] = "No base.",
        ["SearchParameter-codesystem-extensions-CodeSystem-end.json"] = "No base.",
        ["SearchParameter-codesystem-extensions-CodeSystem-keyword.json"] = "No base.",
        ["SearchParameter-codesystem-extensions-CodeSystem-workflow.json"] = "No base.",
        ["SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json"] = "An id of 67 characters.",
        ["SearchParameter-valueset-extensions-ValueSet-author.json"] = "No base.",
        ["SearchParameter-valueset-extensions-ValueSet-effective.json"] = "No base.",
        ["SearchParameter-valueset-extensions-ValueSet-end.json"] = "No base.",
        ["SearchParameter-valueset-extensions-ValueSet-keyword.json"] = "No base.",
        ["SearchParameter-valueset-extensions-ValueSet-workflow.json"] = "No base.",
        ["StructureDefinition-Definition.json"] = "Not abstract and without a base (sdf-4).",
        ["StructureDefinition-Event.json"] = "Not abstract and without a base (sdf-4).",
        ["StructureDefinition-FiveWs.json"] = "Not abstract and without a base (sdf-4).",
        ["StructureDefinition-Request.json"] = "Not abstract and without a base (sdf-4).",
        ["Subscription-example-error.json"] = "Its status is error, which is the server's to set.",
        ["ig-r4.json"] = "No status, no name.",
    };

    [Fact]
    public async Task Every_example_is_stored_unless_it_is_known_to_be_faulty()
    {
        // The largest example is a Bundle of 35 MB, for which a busy machine takes its time.
        await using var host = await TelehealthHost.StartAsync(builder =>
        {
            builder.UseSetting("Limits:ResourceBytes", "64000000");
            builder.UseSetting("Limits:RequestTimeout", "00:10:00");
        });
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        var accepted = 0;
        foreach (var (name, json) in ExampleResources.FilesOfSpecification())
        {
            var type = (string)JsonNode.Parse(json)!["resourceType"]!;
            var answer = await host.PostAsync($"/fhir/{type}", json);
            if (answer.Status == HttpStatusCode.Created)
            {
                accepted++;
                continue;
            }

            Assert.True((int)answer.Status < 500, $"{name}: {answer.Body}");
            refused[name] = string.Join("; ", answer.Json["issue"]!.AsArray().Take(3).Select(issue =>
                $"{(int)answer.Status} {(string?)issue!["expression"]?[0]} {(string?)issue["details"]?["text"]}"));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{accepted} accepted, {refused.Count} refused");
        var surprises = refused.Where(entry => !_faulty.ContainsKey(entry.Key)).Select(entry => $"{entry.Key}: {entry.Value}").ToList();
        Assert.True(surprises.Count == 0, string.Join('\n', surprises));
        Assert.All(_faulty.Keys, name => Assert.Contains(name, refused.Keys));
    }
}
