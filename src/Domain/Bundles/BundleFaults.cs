using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Bundles;

/// <summary>In a Bundle every error says which entry it is about.</summary>
internal static class BundleFaults
{
    extension(FhirException fault)
    {
        /// <summary>The same error, its issues without an expression put at <paramref name="expression"/>.</summary>
        public FhirException At(string? expression) =>
            expression is null || fault.Outcome.Issue.All(issue => issue.Expression.Any())
                ? fault
                : new FhirException(fault.Status, fault.Outcome.Issue.Select(issue => Placed(issue, expression)));
    }

    private static OperationOutcome.IssueComponent Placed(OperationOutcome.IssueComponent issue, string expression)
    {
        var placed = (OperationOutcome.IssueComponent)issue.DeepCopy();
        if (!placed.Expression.Any())
        {
            placed.Expression = [expression];
        }

        return placed;
    }
}
