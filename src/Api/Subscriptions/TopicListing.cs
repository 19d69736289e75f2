using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// The topics as resources. R4 has none for them: the capability statement names them, which is how the Backport guide has them found in R4, and
/// here each is a Basic with the elements of the SubscriptionTopic of R5 in the extensions that HL7 names for them
/// (https://hl7.org/fhir/versions.html#extensions).
/// </summary>
internal static class TopicListing
{
    private const string Extension = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.";

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, SubscriptionSettings settings, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "topics", ["url"], cancellationToken);
        var url = input.Text("url");
        var topics = TopicCatalog.Topics.Where(topic => url is null || TopicCatalog.NameIn(url, settings.Canonicals) == topic.Name).ToList();
        return FhirResult.Ok(new BundleContent("searchset", topics.Select(topic => new ResponseEntry
        {
            FullUrl = $"{server.Address.Base}/SubscriptionTopic/{topic.Name}",
            Resource = FhirContent.Of(FhirJson.Serialize(BasicOf(topic, settings))),
            SearchMode = "match",
        }))
        {
            Total = topics.Count,
            Links = [new("self", $"{server.Address.Base}/SubscriptionTopic{(url is null ? "" : QueryString.Create("url", url))}")],
        });
    }

    public static FhirResult Handle(string id, SubscriptionSettings settings) => TopicCatalog.Find(id) is { } topic
        ? FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(BasicOf(topic, settings))))
        : throw FhirException.NotFound("There is no such topic.");

    private static Basic BasicOf(SubscriptionTopic topic, SubscriptionSettings settings) => new()
    {
        Id = topic.Name,
        Code = new CodeableConcept("http://hl7.org/fhir/fhir-types", "SubscriptionTopic"),
        Extension =
        [
            new(Extension + "url", new FhirUri(TopicCatalog.UrlOf(topic.Name, settings.Canonicals))),
            new(Extension + "title", new FhirString(topic.Title)),
            new(Extension + "status", new Code("active")),
            new(Extension + "description", new Markdown(topic.Description)),
            new()
            {
                Url = Extension + "resourceTrigger",
                Extension = [new("description", new Markdown(topic.Description)), new("resource", new FhirUri("http://hl7.org/fhir/StructureDefinition/" + topic.Focus))],
            },
            new()
            {
                Url = Extension + "canFilterBy",
                Extension =
                [
                    new("description", new Markdown($"Any search parameter of {topic.Focus}.")),
                    new("resource", new FhirUri("http://hl7.org/fhir/StructureDefinition/" + topic.Focus)),
                ],
            },
            new()
            {
                Url = Extension + "notificationShape",
                Extension = [new("resource", new FhirUri("http://hl7.org/fhir/StructureDefinition/" + topic.Focus))],
            },
        ],
    };
}
