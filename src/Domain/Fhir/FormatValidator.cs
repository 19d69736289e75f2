using System.Net;
using System.Text.RegularExpressions;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;
using Hl7.Fhir.Validation;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The SDK's checks plus three that it lacks, within the same pass: a time of day has seconds, an address has no white space
/// (https://hl7.org/fhir/R4/datatypes.html), and a link in a narrative runs no script (https://hl7.org/fhir/R4/narrative.html).
/// </summary>
internal sealed partial class FormatValidator : IPocoValidator
{
    public IReadOnlyCollection<CodedValidationException> ValidateProperty(
        string name, object? propertyValue, PropertyMapping? propertyMapping, PocoValidationContext context) =>
        FhirAttributeValidator.Default.ValidateProperty(name, propertyValue, propertyMapping, context);

    public IReadOnlyCollection<CodedValidationException> ValidateObject(Base instance, ClassMapping mapping, PocoValidationContext context)
    {
        var faults = FhirAttributeValidator.Default.ValidateObject(instance, mapping, context);
        if (faults.Count > 0)
        {
            return faults;
        }

        return instance switch
        {
            FhirDateTime { JsonValue: string text } when text.Length > 16 && text[10] == 'T' && text[16] != ':' =>
                [Fault(CodedValidationException.LITERAL_INVALID_CODE, "A dateTime with a time of day must have seconds.", context)],
            FhirUri or FhirUrl or Canonical when ((PrimitiveType)instance).JsonValue is string text && text.Any(char.IsWhiteSpace) =>
                [Fault(CodedValidationException.LITERAL_INVALID_CODE, "An address must not have white space in it.", context)],
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
