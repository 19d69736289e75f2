using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// The content of a single write. References by search (<c>Practitioner?identifier=s|v</c>) are resolved to the resource they mean,
/// which must still be the one when the write is committed (https://hl7.org/fhir/R4/http.html#trules).
/// </summary>
internal sealed record WriteContent(ResourceContent Content, ImmutableArray<Expectation> Expectations)
{
    /// <summary>Reads and parses the body; 400 with an issue for each fault, 422 for each broken rule.</summary>
    public static async Task<ResourceContent> ReadAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        var resource = FhirJson.Parse(json, request.Type, request.Source);
        server.Validator.Validate(resource, request.Source);
        return new ResourceContent(resource, json);
    }

    public static async ValueTask<WriteContent> ResolveAsync(
        FhirRequest request, FhirServer server, ResourceContent content, CancellationToken cancellationToken)
    {
        var references = FhirJson.FindConditionalReferences(content.Json.Span, request.Source);
        if (references.IsEmpty)
        {
            return new WriteContent(content, []);
        }

        var resolved = new Dictionary<string, string>(StringComparer.Ordinal);
        var expectations = ImmutableArray.CreateBuilder<Expectation>();
        foreach (var reference in references.DistinctBy(reference => reference.Reference))
        {
            var search = await ConditionalSearch.RunAsync(
                server, request.Caller, reference.Type, FhirRequest.Parse(reference.Query), limit: 2, cancellationToken);
            resolved[reference.Reference] = search.Matches switch
            {
                [var only] => $"{only.Key.Type}/{only.Key.Id}",
                [] => throw FhirException.PreconditionFailed("The reference's criteria match nothing.", reference.Expression),
                _ => throw FhirException.MultipleMatches("The reference's criteria match more than one resource.", reference.Expression),
            };
            expectations.Add(search.Expectation);
        }

        var json = FhirJson.RewriteReferences(content.Json.Span, resolved.GetValueOrDefault) ?? content.Json;
        return new WriteContent(new ResourceContent(FhirJson.Parse(json, request.Type, request.Source), json), expectations.ToImmutable());
    }
}
