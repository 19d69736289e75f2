using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>Where an element is: what <c>%resource</c> and <c>%rootResource</c> mean in its invariants.</summary>
/// <param name="resource">The resource that the element is part of.</param>
/// <param name="container">The surroundings of the resource that contains that one; null where none does.</param>
internal sealed class Surroundings(Resource resource, Surroundings? container = null)
{
    private Dictionary<string, string>? _contained;

    /// <summary>The resource that the element is part of.</summary>
    public Resource Resource { get; } = resource;

    /// <summary>The resource that contains that one, or the same.</summary>
    public Resource Root { get; } = container?.Root ?? resource;

    /// <summary>The type of the contained resource of this id, or null. Large resources refer to many, so they are looked up.</summary>
    public string? ContainedType(string id)
    {
        if (container is not null)
        {
            return container.ContainedType(id);
        }

        if (_contained is null)
        {
            _contained = new(StringComparer.Ordinal);
            foreach (var inner in (Resource as DomainResource)?.Contained ?? [])
            {
                if (inner.Id is not null)
                {
                    _contained.TryAdd(inner.Id, inner.TypeName);
                }
            }
        }

        return _contained.GetValueOrDefault(id);
    }
}
