using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Api.Fhir;

/// <summary>What the interactions work with; the same for every request, so that a batch can run its entries through them.</summary>
internal sealed record FhirServer(
    IResourceStore Store,
    SearchQueryParser Parser,
    PageToken PageTokens,
    HistoryToken HistoryTokens,
    ResourceValidator Validator,
    FhirAddress Address,
    TeleFhirOptions Options,
    TimeProvider Clock)
{
    /// <summary>A fresh key for a resource that the server names. Ids that grow with time keep index inserts together.</summary>
    public ResourceKey NewKey(string type) => new(type, Guid.CreateVersion7(Clock.GetUtcNow()).ToString("D"));
}
