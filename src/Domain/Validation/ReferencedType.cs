using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>To which type a reference leads, as far as it says (https://hl7.org/fhir/R4/references.html#literal).</summary>
internal static class ReferencedType
{
    /// <summary>The type, or null where neither the address nor the reference's type tells.</summary>
    public static string? Of(ResourceReference reference, Surroundings surroundings) => reference.Reference switch
    {
        ['#', .. var id] => surroundings.ContainedType(id),
        { Length: > 0 } address when InAddress(address) is { } type => type,
        _ => ResourceCatalog.IsKnown(reference.Type) ? reference.Type : null,
    };

    // [base/]Type/id[/_history/version]; a conditional reference names its type before the question mark.
    private static string? InAddress(string address)
    {
        var path = address;
        if (address.IndexOf('?', StringComparison.Ordinal) is > 0 and var question)
        {
            path = address[..question];
            return ResourceCatalog.IsKnown(path) ? path : null;
        }

        if (path.IndexOf("/_history/", StringComparison.Ordinal) is > 0 and var history)
        {
            path = path[..history];
        }

        var last = path.LastIndexOf('/');
        if (last <= 0)
        {
            return null;
        }

        var type = path[(path.LastIndexOf('/', last - 1) + 1)..last];
        return ResourceCatalog.IsKnown(type) && ResourceKey.IsId(path[(last + 1)..]) ? type : null;
    }
}
