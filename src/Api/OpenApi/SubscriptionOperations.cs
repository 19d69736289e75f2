using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>The operations of subscriptions, and their topics.</summary>
internal static class SubscriptionOperations
{
    private const string Tag = "Subscription";

    public static void AddTo(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/Subscription/$status", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            Tag, "status", "How far subscriptions are, and what went wrong last; by POST, and of one under its id, too.", "Bundle", byId: false,
            ("id", "Ids, separated by commas; all that the caller sees where none is given."), ("status", "requested, active, error or off.")))));
        paths.Add("/fhir/Subscription/{id}/$events", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            Tag, "events", "Events of a subscription, in order.", "Bundle", byId: true,
            ("eventsSinceNumber", "The first, included."), ("eventsUntilNumber", "The last, included."), ("content", "empty, id-only or full-resource.")))));
        paths.Add("/fhir/Subscription/$get-ws-binding-token", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            Tag, "get-ws-binding-token", "What a socket at /subscriptions is bound with, once, within a minute; for one under its id, too.", "Parameters", byId: false,
            ("id", "Ids, separated by commas.")))));
        var topics = operations.Named(
            Tag, "topics", "The topics that can be subscribed to, each a Basic with the elements of R5.", "Bundle", byId: false, ("url", "A canonical URL."));
        topics.Summary = "List the topics";
        paths.Add("/fhir/SubscriptionTopic", FhirDocumentFilter.Path((HttpMethod.Get, topics)));
    }
}
