using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using Hl7.Fhir.Validation;

namespace TeleFhir.Domain.Fhir;

/// <summary>The issues of faults that the SDK finds: one per fault, at the element, without an echo of the content in the text.</summary>
internal static class FaultIssues
{
    /// <summary>How many faults are worth telling; more would make an answer larger than its request.</summary>
    public const int MaxIssues = 100;

    /// <summary>The issues of a scan and of the parse that followed it, each fault once.</summary>
    public static List<OperationOutcome.IssueComponent> From(
        List<OperationOutcome.IssueComponent> scanned, IEnumerable<CodedException> faults, string type, string root)
    {
        var issues = scanned;
        var places = scanned.SelectMany(issue => issue.Expression).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var objects = new HashSet<string>(StringComparer.Ordinal);
        // An empty object is also an empty element and an array of nulls also a null in an array: the first to speak of a place wins.
        foreach (var fault in faults)
        {
            if (issues.Count == MaxIssues)
            {
                issues.Add(FhirException.Issue(OperationOutcome.IssueType.TooCostly, "There are more faults; the first are listed."));
                break;
            }

            var expression = ExpressionOf(fault, type, root);
            var isEcho = fault.ErrorCode switch
            {
                CodedValidationException.ELEMENT_CANNOT_BE_EMPTY_CODE =>
                    expression == root || places.Any(place => place.StartsWith(expression, StringComparison.Ordinal)),
                CodedValidationException.UNKNOWN_RESOURCE_TYPE_CODE => places.Contains(expression + ".resourceType"),
                "JSON103" => scanned.Count > 0,
                // What is in an object that stands for a primitive is unknown to that.
                CodedValidationException.UNKNOWN_ELEMENT_CODE => expression.LastIndexOf('.') is > 0 and var dot && objects.Contains(expression[..dot]),
                // A resource with nothing but its type is no element, so the rule against empty ones is not meant for it.
                "JSON120" => expression == root,
                _ => false,
            };
            if (isEcho || !places.Add(expression))
            {
                continue;
            }

            if (fault.ErrorCode == "JSON132")
            {
                objects.Add(expression);
            }

            issues.Add(Issue(fault, expression));
        }

        return issues;
    }

    private static OperationOutcome.IssueComponent Issue(CodedException fault, string expression)
    {
        var coded = fault as ExtendedCodedException;
        var message = coded?.BaseErrorMessage ?? fault.Message;
        var issue = FhirException.Issue(
            coded?.IssueType ?? OperationOutcome.IssueType.Structure,
            WithoutContent(fault.ErrorCode, message),
            expression);
        issue.Diagnostics = $"{fault.ErrorCode}: {message}";
        return issue;
    }

    private static string ExpressionOf(CodedException fault, string type, string root)
    {
        var path = (fault as ExtendedCodedException)?.InstancePath ?? string.Empty;
        path = path.StartsWith("$this", StringComparison.Ordinal) ? path["$this".Length..]
            : path.StartsWith(type, StringComparison.Ordinal) ? path[type.Length..]
            : path;
        // These speak of the list as a whole, yet the SDK has stepped on to the place behind the last item.
        var isOfList = fault.ErrorCode is "JSON121" or "JSON125"
            or CodedValidationException.REPEATING_ELEMENT_CANNOT_CONTAIN_NULL_CODE
            or CodedValidationException.PROPERTY_TYPE_MISMATCH_CODE
            or CodedValidationException.UNKNOWN_ELEMENT_CODE;
        if (isOfList && path.EndsWith(']') && path.LastIndexOf('[') is >= 0 and var bracket)
        {
            path = path[..bracket];
        }

        if (fault is ExtendedCodedException { ErrorCode: "JSON129", BaseErrorMessage: var message }
            && message.Split('\'') is [_, var name, _])
        {
            path += "." + ElementNames.ElementOf(name.TrimStart('_'));
        }

        return root + (path.Length == 0 || path[0] is '.' or '[' ? path : "." + path);
    }

    // "string '1980-13-01' is not a correct literal for a date." becomes "The value is not a correct literal for a date."
    private static string WithoutContent(string code, string message)
    {
        var verb = code switch
        {
            CodedValidationException.POSITIVE_INT_MUST_BE_POSITIVE_CODE
                or CodedValidationException.UNSIGNED_INT_MUST_NOT_BE_NEGATIVE_CODE => message.IndexOf(" is ", StringComparison.Ordinal),
            CodedValidationException.INVALID_CODED_VALUE_CODE
                or CodedValidationException.INVALID_BASE64_VALUE_CODE
                or CodedValidationException.INCORRECT_LITERAL_VALUE_TYPE_CODE
                or CodedValidationException.LITERAL_INVALID_CODE => message.LastIndexOf(" is not ", StringComparison.Ordinal),
            _ => -1,
        };
        return verb < 0 ? message : "The value" + message[verb..];
    }
}
