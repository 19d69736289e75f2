using System.Net;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The one error that a caller is meant to see: an HTTP status and an OperationOutcome with something to act on.
/// Anything else that is thrown is a fault of ours and is answered as 500 without detail.
/// Statuses follow https://hl7.org/fhir/R4/http.html.
/// </summary>
public sealed class FhirException : Exception
{
    /// <summary>An error with one or more issues.</summary>
    public FhirException(HttpStatusCode status, IEnumerable<OperationOutcome.IssueComponent> issues)
        : base(status.ToString())
    {
        Status = status;
        Outcome = new OperationOutcome { Issue = [.. issues] };
    }

    private FhirException(HttpStatusCode status, OperationOutcome.IssueType code, string text, string? expression = null)
        : this(status, [Issue(code, text, expression)])
    {
    }

    /// <summary>The status of the answer.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>The body of the answer.</summary>
    public OperationOutcome Outcome { get; }

    /// <summary>The version that a deleted resource ended at, for the ETag of a 410; null otherwise.</summary>
    public string? ETag { get; init; }

    /// <summary>All issue texts in one line, for logs of internal jobs; never holds resource content.</summary>
    public override string Message => string.Join("; ", Outcome.Issue.Select(issue => issue.Details?.Text));

    /// <summary>One issue of severity error.</summary>
    public static OperationOutcome.IssueComponent Issue(OperationOutcome.IssueType code, string text, string? expression = null) => new()
    {
        Severity = OperationOutcome.IssueSeverity.Error,
        Code = code,
        Details = new CodeableConcept { Text = text },
        Expression = expression is null ? [] : [expression],
    };

    /// <summary>400: the request or the structure of the content is wrong.</summary>
    public static FhirException Invalid(string text, string? expression = null) =>
        new(HttpStatusCode.BadRequest, OperationOutcome.IssueType.Invalid, text, expression);

    /// <summary>400: a parameter is not understood.</summary>
    public static FhirException NotSupported(string text) =>
        new(HttpStatusCode.BadRequest, OperationOutcome.IssueType.NotSupported, text);

    /// <summary>401: nobody knows who calls.</summary>
    public static FhirException Unauthorized(string text) => new(HttpStatusCode.Unauthorized, OperationOutcome.IssueType.Login, text);

    /// <summary>403: the caller may not.</summary>
    public static FhirException Forbidden(string text) => new(HttpStatusCode.Forbidden, OperationOutcome.IssueType.Forbidden, text);

    /// <summary>404: there is no such thing, or the caller may not know of it.</summary>
    public static FhirException NotFound(string text) => new(HttpStatusCode.NotFound, OperationOutcome.IssueType.NotFound, text);

    /// <summary>410: it was there and is deleted.</summary>
    public static FhirException Gone(ResourceKey key, string etag) =>
        new(HttpStatusCode.Gone, OperationOutcome.IssueType.Deleted, $"{key} is deleted.") { ETag = etag };

    /// <summary>409: it clashes with what is stored.</summary>
    public static FhirException Conflict(string text) => new(HttpStatusCode.Conflict, OperationOutcome.IssueType.Conflict, text);

    /// <summary>412: a condition of the request does not hold.</summary>
    public static FhirException PreconditionFailed(string text, string? expression = null) =>
        new(HttpStatusCode.PreconditionFailed, OperationOutcome.IssueType.Conflict, text, expression);

    /// <summary>412: criteria that must name one resource name several.</summary>
    public static FhirException MultipleMatches(string text, string? expression = null) =>
        new(HttpStatusCode.PreconditionFailed, OperationOutcome.IssueType.MultipleMatches, text, expression);

    /// <summary>422: well formed, but a rule forbids it.</summary>
    public static FhirException BusinessRule(string text, string? expression = null) =>
        new(HttpStatusCode.UnprocessableEntity, OperationOutcome.IssueType.BusinessRule, text, expression);

    /// <summary>Another status of the request itself: 405, 406, 413, 415.</summary>
    public static FhirException Of(HttpStatusCode status, OperationOutcome.IssueType code, string text) => new(status, code, text);
}
