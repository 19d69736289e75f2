using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Async;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Async;

/// <summary>
/// Where the answer to an accepted request will be: 202 until it is there, then 200 with a batch-response of one entry, which is that answer
/// (https://hl7.org/fhir/R5/async-bundle.html, which leaves R4's clients nothing new to read). DELETE cancels it or throws the answer away.
/// </summary>
internal static class AsyncStatusRoutes
{
    private const string Path = "/_async";

    public static void MapAsyncRequests(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapGet($"{Path}/{{request}}", FindAsync).Declares(Interaction.Operation, "Fetch the answer to an asynchronous request");
        fhir.MapDelete($"{Path}/{{request}}", RemoveAsync).Declares(Interaction.Operation, "Cancel an asynchronous request");
    }

    /// <summary>The status address of a request.</summary>
    public static string AddressOf(FhirAddress address, string id) => $"{address.Base}{Path}/{id}";

    private static async Task<FhirResult> FindAsync(
        string request, HttpContext context, Callers callers, IAsyncRequests requests, CancellationToken cancellationToken)
    {
        var status = await requests.FindAsync(request, AsyncAcceptance.OwnerOf(callers.Of(context)), cancellationToken) ?? throw NotFound();
        var headers = context.Response.Headers;
        if (status is not { Answer: { } answer, Expires: { } expires })
        {
            headers["X-Progress"] = status.State == AsyncState.Running ? "running" : "waiting";
            headers.RetryAfter = "1";
            return FhirResult.Outcome(
                HttpStatusCode.Accepted, OperationOutcome.IssueSeverity.Information, OperationOutcome.IssueType.Informational, "The answer is not there yet.");
        }

        headers.Expires = expires.ToString("R", CultureInfo.InvariantCulture);
        var head = AsyncAnswerHead.Read(answer.Head);
        var content = answer.Body.IsEmpty ? null : FhirContent.Of(answer.Body);
        var isOutcome = head.Status >= (int)HttpStatusCode.BadRequest;
        return FhirResult.Ok(new BundleContent(
            "batch-response",
            [
                new ResponseEntry
                {
                    Resource = isOutcome ? null : content,
                    Response = new EntryResponse((HttpStatusCode)head.Status)
                    {
                        Location = head.Location,
                        ETag = head.ETag,
                        LastModified = head.LastModified,
                        Outcome = isOutcome ? content : null,
                    },
                },
            ]));
    }

    private static async Task<FhirResult> RemoveAsync(
        string request, HttpContext context, Callers callers, IAsyncRequests requests, CancellationToken cancellationToken) =>
        await requests.RemoveAsync(request, AsyncAcceptance.OwnerOf(callers.Of(context)), cancellationToken)
            ? FhirResult.Outcome(
                HttpStatusCode.Accepted, OperationOutcome.IssueSeverity.Information, OperationOutcome.IssueType.Informational, "Cancelled.")
            : throw NotFound();

    private static FhirException NotFound() => FhirException.NotFound("There is no such request.");
}
