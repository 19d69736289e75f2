using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Monitoring;

/// <summary>Which devices are heard of.</summary>
public interface IReadingActivity
{
    /// <summary>Those of the devices that have measured something since then, going by when it was measured.</summary>
    Task<IReadOnlySet<ResourceKey>> HeardSinceAsync(IReadOnlyCollection<ResourceKey> devices, DateTimeOffset since, CancellationToken cancellationToken);
}
