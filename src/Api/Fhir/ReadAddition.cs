using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>What the reading of one type shows besides what is stored; it is worked out for that one answer.</summary>
internal interface IReadAddition
{
    /// <summary>The type.</summary>
    string Type { get; }

    /// <summary>The resource with what is added; null where nothing is, which should be found out for next to nothing.</summary>
    ValueTask<ReadOnlyMemory<byte>?> AddAsync(StoredResource stored, CancellationToken cancellationToken);
}
