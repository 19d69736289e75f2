using TeleFhir.Api.Fhir.Interactions;
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
    CapabilityDocument Capabilities,
    FhirAddress Address,
    TeleFhirOptions Options,
    TimeProvider Clock,
    ILogger<FhirServer> Logger)
{
    /// <summary>A fresh id. Ids that grow with time keep index inserts together.</summary>
    public string NewId() => Guid.CreateVersion7(Clock.GetUtcNow()).ToString("D");
}
