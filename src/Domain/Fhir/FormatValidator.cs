using System.Net;
using System.Text.RegularExpressions;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;
using Hl7.Fhir.Validation;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The SDK's checks plus those that it lacks, within the same pass: a time of day has seconds, an address has no white space
/// (https://hl7.org/fhir/R4/datatypes.html), and a link in a narrative runs no script (https://hl7.org/fhir/R4/narrative.html).
/// One check is dropped: the SDK takes <c>urn:uuid:patient-1</c> for no uri, where the definition asks for no more than no white space,
/// and clients do use such names between the entries of a Bundle.
/// </summary>
internal sealed partial class FormatValidator : IPocoValidator
{
    public IReadOnlyCollection<CodedValidationException> ValidateProperty(
        string name, object? propertyValue, PropertyMapping? propertyMapping, PocoValidationContext context) =>
        FhirAttributeValidator.Default.ValidateProperty(name, propertyValue, propertyMapping, context);

    public IReadOnlyCollection<CodedValidationException> ValidateObject(Base instance, ClassMapping mapping, PocoValidationContext context)
    {
        if (instance is FhirUri or FhirUrl or Canonical && ((PrimitiveType)instance).JsonValue is string { Length: > 0 } address)
        {
            return address.Any(char.IsWhiteSpace)
                ? [Fault(CodedValidationException.LITERAL_INVALID_CODE, "An address must not have white space in it.", context)]
                : [];
        }

        var faults = FhirAttributeValidator.Default.ValidateObject(instance, mapping, context);
        return faults.Count > 0 ? faults : instance switch
        {
            FhirDateTime { JsonValue: string text } when text.Length > 16 && text[10] == 'T' && text[16] != ':' =>
                [Fault(CodedValidationException.LITERAL_INVALID_CODE, "A dateTime with a time of day must have seconds.", context)],
            XHtml { Value: { } div } when HasScriptLink(div) =>
                [Fault(CodedValidationException.NARRATIVE_XML_IS_INVALID_CODE, "The narrative must not have links that run a script.", context)],
            _ => faults,
        };
    }

    // A browser decodes entities and skips white space before it looks at the scheme, so the check does the same.
    private static bool HasScriptLink(string div) =>
        (div.Contains("href", StringComparison.OrdinalIgnoreCase) || div.Contains("src", StringComparison.OrdinalIgnoreCase))
        && ScriptLink().IsMatch(string.Concat(WebUtility.HtmlDecode(div).Where(character => character > ' ')));

    [GeneratedRegex("""(?:href|src)=["'](?:javascript|vbscript|data:text)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ScriptLink();

    private static CodedValidationException Fault(string code, string text, PocoValidationContext context) => new(
        code,
        text,
        text,
        context.PathProducer(),
        context.LineNumber,
        context.LinePosition,
        OperationOutcome.IssueSeverity.Error,
        OperationOutcome.IssueType.Value,
        context.MemberName);
}
