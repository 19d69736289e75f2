using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>The issue of a rule that does not hold; its text and its code begin with the rule's key.</summary>
internal static class BrokenRule
{
    public static OperationOutcome.IssueComponent Issue(Constraint constraint, string expression)
    {
        var issue = Issue(constraint.Key, constraint.Human, expression, OperationOutcome.IssueType.Invariant);
        issue.Severity = constraint.IsError ? OperationOutcome.IssueSeverity.Error : OperationOutcome.IssueSeverity.Warning;
        return issue;
    }

    public static OperationOutcome.IssueComponent Issue(string key, string text, string expression, OperationOutcome.IssueType code)
    {
        var issue = FhirException.Issue(code, $"{key}: {text}", expression);
        issue.Details!.Coding = [new Coding { Code = key }];
        return issue;
    }
}
