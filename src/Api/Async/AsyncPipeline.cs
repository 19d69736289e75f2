using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Async;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Async;

/// <summary>
/// Runs an accepted request through the same pipeline that requests of the network take, so that it is decided, audited, logged and answered
/// like them. The caller is the one of the moment when it was accepted.
/// </summary>
internal sealed class AsyncPipeline(IServiceScopeFactory scopes)
{
    private RequestDelegate? _start;

    /// <summary>Remembers what comes after here as the way of accepted requests.</summary>
    public RequestDelegate Through(RequestDelegate next) => _start = next;

    /// <summary>The answer to a request.</summary>
    public async Task<AsyncAnswer> RunAsync(AsyncRequest request, CancellationToken cancellationToken)
    {
        var head = AsyncRequestHead.Read(request.Head);
        await using var scope = scopes.CreateAsyncScope();
        using var answer = new MemoryStream();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = cancellationToken };
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        context.Features.Set(CallerDocument.Read(head.Caller));
        context.Features.Set(new AcceptedRequest());
        context.Connection.RemoteIpAddress = head.RemoteAddress is { } address ? IPAddress.Parse(address) : null;
        context.Request.Method = head.Method;
        context.Request.Scheme = Uri.UriSchemeHttp;
        context.Request.Host = new HostString("localhost");
        context.Request.Path = new PathString(head.Path);
        context.Request.QueryString = new QueryString(head.Query);
        context.Request.ContentType = head.ContentType;
        context.Request.ContentLength = request.Body.Length;
        context.Request.Body = new MemoryStream(request.Body.ToArray(), writable: false);
        context.Request.Headers["Prefer"] = head.Prefer;
        context.Request.Headers["X-Request-Id"] = head.RequestId;
        await _start!(context);
        await context.Response.CompleteAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return AnswerOf(context.Response, answer.ToArray());
    }

    /// <summary>The answer to a request that ended with the server that ran it.</summary>
    public static AsyncAnswer Lost(AsyncRequest request) => AnswerOf(FhirResult.Outcome(
        HttpStatusCode.ServiceUnavailable,
        OperationOutcome.IssueSeverity.Error,
        OperationOutcome.IssueType.Incomplete,
        request.IsRepeatable
            ? "The servers that ran this stopped each time. Ask for less."
            : "The server stopped while it ran this. A transaction was done as a whole or not at all; of a batch any part may have been done."));

    /// <summary>The answer to a request that failed in a way that the pipeline does not answer.</summary>
    public static AsyncAnswer Failed() => AnswerOf(FhirResult.Outcome(
        HttpStatusCode.InternalServerError, OperationOutcome.IssueSeverity.Fatal, OperationOutcome.IssueType.Exception, "This failed; the log says why."));

    private static AsyncAnswer AnswerOf(FhirResult result) => new(new AsyncAnswerHead((int)result.Status).Write(), result.Content!.Bytes!.Value);

    private static AsyncAnswer AnswerOf(HttpResponse response, ReadOnlyMemory<byte> body) => new(
        new AsyncAnswerHead(response.StatusCode)
        {
            Location = response.Headers.Location,
            ETag = response.Headers.ETag,
            LastModified = DateTimeOffset.TryParse(
                response.Headers[HeaderNames.LastModified], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var modified)
                ? modified
                : null,
        }.Write(),
        Negotiation.IsXmlContent(response.ContentType) ? FhirXml.ToJson(body) : body);
}

/// <summary>Marks a request that was accepted before and is run now.</summary>
internal sealed record AcceptedRequest;
