using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using Microsoft.AspNetCore.Diagnostics;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Fhir;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// Every error becomes an OperationOutcome here. A <see cref="FhirException"/> is meant for the caller and is told; anything else is a
/// fault of ours, logged, and told only that and the request's id. The framework's own handler would take away the ETag of a 410.
/// </summary>
internal sealed class FhirErrors(RequestDelegate next, ILogger<FhirErrors> logger)
{
    /// <summary>The client has gone: nobody reads the answer, but logs should not call it a success.</summary>
    private const int ClientClosedRequest = 499;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested)
        {
            logger.LogDebug(exception, "Request {RequestId} was given up by the client", context.TraceIdentifier);
            context.Response.StatusCode = context.Response.HasStarted ? context.Response.StatusCode : ClientClosedRequest;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            var result = ResultOf(exception, context);
            BearerChallenge.AddTo(context.Response, result.Status);
            await result.ExecuteAsync(context);
        }
    }

    /// <summary>The answer to an exception; faults are logged on the way.</summary>
    private FhirResult ResultOf(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case FhirException told:
                return FhirResult.Of(told);
            case BadHttpRequestException { StatusCode: var status }:
                return OfStatus((HttpStatusCode)status);
            default:
                var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route";
                return OfFault(exception, $"{context.Request.Method} {route}", context.TraceIdentifier, logger);
        }
    }

    /// <summary>Logs a fault and answers without detail.</summary>
    public static FhirResult OfFault(Exception exception, string where, string requestId, ILogger logger)
    {
        logger.LogError(exception, "Fault in {Where}, request {RequestId}", where, requestId);
        return FhirResult.Outcome(
            HttpStatusCode.InternalServerError,
            OperationOutcome.IssueSeverity.Fatal,
            OperationOutcome.IssueType.Exception,
            $"The server failed. The request is logged as {requestId}.");
    }

    /// <summary>Gives a body to what routing and the web server refuse without one.</summary>
    public static Task WriteStatusAsync(StatusCodeContext context) =>
        OfStatus((HttpStatusCode)context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext);

    /// <summary>What a request that takes too long is told.</summary>
    public static async Task WriteTimeoutAsync(HttpContext context)
    {
        // The token of the request has run out, and the answer is still to be written.
        context.RequestAborted = CancellationToken.None;
        context.Response.Headers.RetryAfter = "5";
        var result = FhirResult.Outcome(
            HttpStatusCode.ServiceUnavailable,
            OperationOutcome.IssueSeverity.Error,
            OperationOutcome.IssueType.Timeout,
            "The request took too long and was given up. Nothing of a write that was not acknowledged may be relied on.");
        await result.ExecuteAsync(context);
    }

    private static FhirResult OfStatus(HttpStatusCode status)
    {
        var (code, text) = status switch
        {
            HttpStatusCode.NotFound => (OperationOutcome.IssueType.NotFound, "There is nothing at this address."),
            HttpStatusCode.MethodNotAllowed => (OperationOutcome.IssueType.NotSupported, "This address does not answer to this method."),
            HttpStatusCode.RequestEntityTooLarge => (OperationOutcome.IssueType.TooLong, "The content is larger than the server takes."),
            HttpStatusCode.RequestTimeout => (OperationOutcome.IssueType.Timeout, "The content arrived too slowly."),
            _ => (OperationOutcome.IssueType.Invalid, string.Create(CultureInfo.InvariantCulture, $"The request was refused with status {(int)status}.")),
        };
        return FhirResult.Outcome(status, OperationOutcome.IssueSeverity.Error, code, text);
    }
}
