using System.Net;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// That a rule forbids something: the HTTP status, a business code that a client can branch on, and a sentence for a person. Rules return
/// it instead of throwing, so that a caller may ask first; <see cref="ToException"/> makes the answer of it. It never names a resource
/// that the caller did not name.
/// </summary>
/// <param name="Status">The status of the answer (https://hl7.org/fhir/R4/http.html).</param>
/// <param name="Type">The code of the issue (https://hl7.org/fhir/R4/valueset-issue-type.html).</param>
/// <param name="Code">The business code, for example <c>slot-unavailable</c>.</param>
/// <param name="Text">What is wrong and what could be done.</param>
/// <param name="Expression">The element to blame as FHIRPath, or null.</param>
public sealed record Refusal(
    HttpStatusCode Status, OperationOutcome.IssueType Type, string Code, string Text, string? Expression = null)
{
    /// <summary>Further issues of the same answer.</summary>
    public IReadOnlyList<OperationOutcome.IssueComponent> Further { get; init; } = [];

    /// <summary>400: a parameter is missing or has a value that it cannot have.</summary>
    public static Refusal Invalid(string code, string text, string? expression = null) =>
        new(HttpStatusCode.BadRequest, OperationOutcome.IssueType.Invalid, code, text, expression);

    /// <summary>403: this caller may not.</summary>
    public static Refusal Forbidden(string code, string text, string? expression = null) =>
        new(HttpStatusCode.Forbidden, OperationOutcome.IssueType.Forbidden, code, text, expression);

    /// <summary>409: it clashes with the state of things.</summary>
    public static Refusal Conflict(string code, string text, string? expression = null) =>
        new(HttpStatusCode.Conflict, OperationOutcome.IssueType.Conflict, code, text, expression);

    /// <summary>410: it was offered and is so no longer.</summary>
    public static Refusal Gone(string code, string text, string? expression = null) =>
        new(HttpStatusCode.Gone, OperationOutcome.IssueType.Expired, code, text, expression);

    /// <summary>422: well formed, but a rule forbids it.</summary>
    public static Refusal BusinessRule(string code, string text, string? expression = null) =>
        new(HttpStatusCode.UnprocessableEntity, OperationOutcome.IssueType.BusinessRule, code, text, expression);

    /// <summary>429: enough for now.</summary>
    public static Refusal TooMany(string code, string text, string? expression = null) =>
        new(HttpStatusCode.TooManyRequests, OperationOutcome.IssueType.Throttled, code, text, expression);

    /// <summary>The issues of the answer, the first with the business code in the code system <see cref="Canonicals.Errors"/>.</summary>
    public IReadOnlyList<OperationOutcome.IssueComponent> Issues(Canonicals canonicals)
    {
        var issue = FhirException.Issue(Type, Text, Expression);
        issue.Details!.Coding = [new Coding(canonicals.Errors, Code)];
        return [issue, .. Further];
    }

    /// <summary>The answer.</summary>
    public FhirException ToException(Canonicals canonicals) => new(Status, Issues(canonicals));
}
