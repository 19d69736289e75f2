using System.Collections.Frozen;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// What a reference says about its target without following it (https://hl7.org/fhir/R4/references.html#literal).
/// </summary>
internal static class ReferenceTarget
{
    private const string History = "/_history/";

    private static readonly FrozenDictionary<string, string> _types =
        ResourceCatalog.Types.ToFrozenDictionary(type => type, StringComparer.Ordinal);

    /// <summary>
    /// The target without its version, and its type where the text or else <c>Reference.type</c> tells it. False where there is no
    /// literal reference, or one into the resource itself.
    /// </summary>
    public static bool TryRead(ResourceReference reference, out string target, out string? type) =>
        TryRead(Text(reference, "reference"), Text(reference, "type"), out target, out type);

    /// <summary>The same for a canonical, whose version follows a vertical bar.</summary>
    public static bool TryReadCanonical(string? url, out string target, out string? type)
    {
        var bar = url?.LastIndexOf('|') ?? -1;
        return TryRead(bar < 0 ? url : url![..bar], null, out target, out type);
    }

    /// <summary>The type that a reference is to, null where it does not say so; references into the resource have none.</summary>
    public static string? TypeOf(ResourceReference reference) => TryRead(reference, out _, out var type)
        ? type
        : Text(reference, "reference") is null ? Known(Text(reference, "type")) : null;

    private static bool TryRead(string? text, string? stated, out string target, out string? type)
    {
        target = text ?? string.Empty;
        type = null;
        if (target.Length == 0 || target[0] == '#')
        {
            return false;
        }

        var isAbsolute = target.Contains("://", StringComparison.Ordinal);
        var cut = target.IndexOf(History, StringComparison.Ordinal);
        var length = cut < 0 ? target.Length : cut;
        var named = target.AsSpan(0, length);
        var idAt = named.LastIndexOf('/') + 1;
        var typeAt = idAt < 2 ? 0 : named[..(idAt - 1)].LastIndexOf('/') + 1;
        if (idAt > 1
            && (typeAt == 0 || isAbsolute)
            && _types.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(named[typeAt..(idAt - 1)], out type)
            && ResourceKey.IsId(target[idAt..length]))
        {
            target = cut < 0 ? target : target[..cut];
            return true;
        }

        type = Known(stated);
        return true;
    }

    private static string? Text(ResourceReference reference, string name) =>
        reference.TryGetValue(name, out var value) ? (value as PrimitiveType)?.JsonValue as string : null;

    private static string? Known(string? type) => type is not null && _types.TryGetValue(type, out var known) ? known : null;
}
