using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>dom-3: every contained resource is referred to, or refers to its container (https://hl7.org/fhir/R4/references.html#contained).</summary>
internal static class ContainedReferences
{
    public static bool AreComplete(DomainResource resource)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        Collect(resource, named);
        return resource.Contained.TrueForAll(inner => (inner.Id is { } id && named.Contains("#" + id)) || RefersToContainer(inner));
    }

    private static bool RefersToContainer(Resource inner)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        Collect(inner, named);
        return named.Contains("#");
    }

    // References, and the addresses that may be one: https://hl7.org/fhir/R4/references.html#canonical-fragments.
    private static void Collect(Base element, HashSet<string> named)
    {
        if (element is ResourceReference { Reference: ['#', ..] reference })
        {
            named.Add(reference);
        }
        else if (element is FhirUri or Canonical or FhirUrl && ((PrimitiveType)element).JsonValue is string { Length: > 0 } address && address[0] == '#')
        {
            named.Add(address);
        }

        foreach (var (_, value) in element.EnumerateElements())
        {
            if (value is Base child)
            {
                Collect(child, named);
            }
            else if (value is IEnumerable<Base> children)
            {
                foreach (var one in children)
                {
                    Collect(one, named);
                }
            }
        }
    }
}
