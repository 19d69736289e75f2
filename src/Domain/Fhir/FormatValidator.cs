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
/// It also stops a parse that finds fault after fault, each of which costs kilobytes: one validator serves one parse.
/// </summary>
internal sealed partial class FormatValidator : IPocoValidator
{
    private readonly List<CodedValidationException> _faults = [];

    /// <summary>The faults found so far, for a parse that was stopped.</summary>
    public IReadOnlyList<CodedValidationException> Faults => _faults;

    public IReadOnlyCollection<CodedValidationException> ValidateProperty(
        string name, object? propertyValue, PropertyMapping? propertyMapping, PocoValidationContext context) =>
        Note(FhirAttributeValidator.Default.ValidateProperty(name, propertyValue, propertyMapping, context));

    public IReadOnlyCollection<CodedValidationException> ValidateObject(Base instance, ClassMapping mapping, PocoValidationContext context)
    {
        var faults = Note(Check(instance, mapping, context));
        if (instance.HasOverflow && faults.Count == 0)
        {
            // The parser reports by itself what did not fit in; it is noted here for the case that the parse is stopped.
            Note([Fault(CodedValidationException.PROPERTY_TYPE_MISMATCH_CODE, "There is content that does not fit the element.", context)]);
        }

        return faults;
    }

    private static IReadOnlyCollection<CodedValidationException> Check(Base instance, ClassMapping mapping, PocoValidationContext context)
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
                [Fault(CodedValidationException.NARRATIVE_XML_IS_INVALID_CODE, "A link in a narrative must not run a script.", context)],
            _ => faults,
        };
    }

    private IReadOnlyCollection<CodedValidationException> Note(IReadOnlyCollection<CodedValidationException> faults)
    {
        if (faults.Count > 0)
        {
            _faults.AddRange(faults);
            if (_faults.Count > FaultIssues.MaxIssues)
            {
                throw new TooManyFaultsException();
            }
        }

        return faults;
    }

    /// <summary>Stops the parser, which has no other way to be stopped.</summary>
    internal sealed class TooManyFaultsException : Exception;

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
