using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
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
    IProposals Proposals,
    IBinaryContents Contents,
    BookingSettings Booking,
    CapabilityDocument Capabilities,
    FhirAddress Address,
    TeleFhirOptions Options,
    TimeProvider Clock,
    IEnumerable<IReadAddition> Additions,
    ILogger<FhirServer> Logger)
{
    private readonly IReadAddition? _addition = Additions.SingleOrDefault();

    /// <summary>The current version of what an operation is about; 404 or 410 where there is none.</summary>
    public async Task<StoredResource> ReadCurrentAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken) =>
        await Store.ReadAsync(caller, key, cancellationToken) switch
        {
            null => throw FhirException.NotFound($"{key} does not exist."),
            { IsDeleted: true } deleted => throw FhirException.Gone(deleted.Key, deleted.ETag),
            var found => found,
        };

    /// <summary>What reads of a type show besides what is stored; null for nearly all types.</summary>
    public IReadAddition? AdditionTo(string type) => _addition?.Type == type ? _addition : null;

    /// <summary>
    /// A stored version as an answer shows it: its bytes, and of a Binary the content in their midst; but of a large one only what is told of
    /// the content, for it is to be read by itself.
    /// </summary>
    public FhirContent Show(StoredResource resource) =>
        resource is { Key.Type: "Binary", IsDeleted: false } && BinaryContent.Of(resource.Json) is { } content && content.Size <= Options.Limits.ResourceBytes
            ? new WholeBinary(resource, content, Contents)
            : FhirContent.Of(resource.Json);

    /// <summary>A fresh id. Ids that grow with time keep index inserts together.</summary>
    public string NewId() => Guid.CreateVersion7(Clock.GetUtcNow()).ToString("D");
}
