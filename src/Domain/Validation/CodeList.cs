using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The codes of a value set to which an element is bound with strength required (https://hl7.org/fhir/R4/terminologies.html#required).
/// Where a set is another standard's and cannot be listed its codes are known by their form, or not checked.
/// </summary>
internal sealed partial class CodeList
{
    private readonly FrozenDictionary<string, FrozenSet<string>>? _codes;
    private readonly Regex? _form;

    private CodeList(string url, FrozenDictionary<string, FrozenSet<string>>? codes, Regex? form) => (Url, _codes, _form) = (url, codes, form);

    /// <summary>The value set.</summary>
    public string Url { get; }

    /// <summary>Whether anything can be said of a code.</summary>
    public bool IsKnown => _codes is not null || _form is not null;

    public static CodeList Of(string url, JsonElement systems) => new(
        url,
        systems.EnumerateObject().ToFrozenDictionary(
            system => system.Name,
            system => system.Value.EnumerateArray().Select(code => code.GetString()!).ToFrozenSet(StringComparer.Ordinal),
            StringComparer.Ordinal),
        null);

    /// <summary>A set that is not listed.</summary>
    public static CodeList Open(string url) => new(url, null, url switch
    {
        "http://hl7.org/fhir/ValueSet/mimetypes" => MimeType(),
        "http://hl7.org/fhir/ValueSet/currencies" => Currency(),
        _ => null,
    });

    /// <summary>Whether a value is of the set; a value without any code, as in a mere extension, is not judged.</summary>
    public bool Allows(Base value) => value switch
    {
        CodeableConcept { Coding.Count: 0, TextElement: null } => true,
        CodeableConcept concept => concept.Coding.Exists(Has),
        Coding { CodeElement: null, SystemElement: null } => true,
        Coding coding => Has(coding),
        PrimitiveType { JsonValue: string code } => _codes is null ? _form!.IsMatch(code) : _codes.Values.Any(system => system.Contains(code)),
        _ => true,
    };

    // Nothing but codings of listed systems can be judged of a set that is known by form only, and none is bound that way.
    private bool Has(Coding coding) =>
        _codes is null || (coding is { System: { } system, Code: { } code } && _codes.TryGetValue(system, out var codes) && codes.Contains(code));

    // Also the short forms that a CapabilityStatement names formats by.
    [GeneratedRegex("""^(?:[\w!#$&^.+-]+/[\w!#$&^.+*-]+(?:\s*;.*)?|xml|json|ttl|html)$""", RegexOptions.CultureInvariant)]
    private static partial Regex MimeType();

    [GeneratedRegex("^[A-Z]{3}$", RegexOptions.CultureInvariant)]
    private static partial Regex Currency();
}
