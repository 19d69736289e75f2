using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Fhir;

/// <summary>What an interaction answers: to a request of its own as an HTTP response, in a batch as an entry.</summary>
internal sealed record FhirResult(HttpStatusCode Status) : IResult
{
    private const int FlushBytes = 64 * 1024;

    /// <summary>When whoever asked too much may ask again: what they have too many of runs out by then or later.</summary>
    private static readonly TimeSpan _tooMany = TimeSpan.FromSeconds(60);

    public FhirContent? Content { get; init; }

    /// <summary>The stored version that the answer is about, or null.</summary>
    public StoredResource? Resource { get; init; }

    /// <summary>The stored versions that the content shows, where they are several; for the audit trail.</summary>
    public ImmutableArray<StoredResource> Touched { get; init; }

    /// <summary>Ids of the patients whose record the answer is of, where its content does not tell: of a file what it belongs to does.</summary>
    public ImmutableArray<string> Patients { get; init; } = [];

    /// <summary>Whether the audit trail has it already, because it was recorded with a commit or entry by entry.</summary>
    public bool IsAudited { get; init; }

    /// <summary>Why the caller was refused; null where it was not.</summary>
    public string? Denial { get; init; }

    /// <summary>Whether the content tells about the request and is not what was asked for.</summary>
    public bool IsOutcome { get; init; }

    /// <summary>When to ask again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public string? Location { get; init; }

    /// <summary>May be kept by caches: nothing of a patient is in it.</summary>
    public bool IsPublic { get; init; }

    /// <summary>200 with a stored version.</summary>
    public static FhirResult Ok(StoredResource resource, FhirContent content) =>
        Headed(HttpStatusCode.OK, resource) with { Content = content };

    public static FhirResult Ok(FhirContent content) => new(HttpStatusCode.OK) { Content = content };

    /// <summary>304: the client has it already.</summary>
    public static FhirResult NotModified(StoredResource resource) => Headed(HttpStatusCode.NotModified, resource);

    /// <summary>A status with the headers of a stored version and no content.</summary>
    public static FhirResult Headed(HttpStatusCode status, StoredResource resource) =>
        new(status) { Resource = resource, ETag = resource.ETag, LastModified = resource.LastUpdated };

    /// <summary>The answer to a request that failed.</summary>
    public static FhirResult Of(FhirException exception) => new(exception.Status)
    {
        Content = FhirContent.Of(FhirJson.Serialize(exception.Outcome)),
        IsOutcome = true,
        Denial = IsDenial(exception.Status) ? exception.Message : null,
        ETag = exception.ETag,
    };

    /// <summary>An answer that says one thing in an OperationOutcome.</summary>
    public static FhirResult Outcome(
        HttpStatusCode status, OperationOutcome.IssueSeverity severity, OperationOutcome.IssueType code, string text)
    {
        var issue = new OperationOutcome.IssueComponent { Severity = severity, Code = code, Details = new CodeableConcept { Text = text } };
        return new(status)
        {
            Content = FhirContent.Of(FhirJson.Serialize(new OperationOutcome { Issue = [issue] })),
            IsOutcome = true,
            Denial = IsDenial(status) ? text : null,
        };
    }

    /// <summary>The same answer with an OperationOutcome that says how it went.</summary>
    public FhirResult Saying(string text) => this with
    {
        Content = Outcome(Status, OperationOutcome.IssueSeverity.Information, OperationOutcome.IssueType.Informational, text).Content,
        IsOutcome = true,
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (httpContext.Features.Get<RequestAudit>() is { } audit)
        {
            await audit.AnsweringAsync(this);
        }

        var response = httpContext.Response;
        response.StatusCode = (int)Status;
        var headers = response.Headers;
        headers.ETag = ETag;
        headers.Location = Location;
        headers.LastModified = LastModified?.ToString("R", CultureInfo.InvariantCulture);
        if ((RetryAfter ?? (Status == HttpStatusCode.TooManyRequests ? _tooMany : null)) is { } later)
        {
            headers.RetryAfter = later.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        }

        headers.CacheControl = IsPublic ? "public, max-age=60" : "no-store";
        if (Content is null)
        {
            return;
        }

        var form = Negotiation.Of(httpContext);
        headers.ContentType = form.ContentType;
        ReadOnlyMemory<byte>? bytes = form switch
        {
            { Xml: true } => FhirXml.FromJson(await CollectAsync(Content), form.Pretty),
            { Pretty: true } => FhirJson.Pretty((await CollectAsync(Content)).Span),
            _ => Content.Bytes,
        };
        if (bytes is { } whole)
        {
            headers.ContentLength = whole.Length;
        }

        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        if (bytes is { } ready)
        {
            await response.BodyWriter.WriteAsync(ready, httpContext.RequestAborted);
        }
        else
        {
            await StreamAsync(Content, response, httpContext.RequestAborted);
        }
    }

    private static bool IsDenial(HttpStatusCode status) => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;

    private static async Task StreamAsync(FhirContent content, HttpResponse response, CancellationToken cancellationToken)
    {
        var output = response.BodyWriter;
        await using var json = new Utf8JsonWriter(output, JsonForm.Written);
        await content.WriteAsync(json, async () =>
        {
            if (json.BytesPending + output.UnflushedBytes > FlushBytes)
            {
                json.Flush();
                await output.FlushAsync(cancellationToken);
            }
        });
        json.Flush();
        await output.FlushAsync(cancellationToken);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> CollectAsync(FhirContent content)
    {
        if (content.Bytes is { } bytes)
        {
            return bytes;
        }

        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        await using var json = new Utf8JsonWriter(buffer, JsonForm.Written);
        await content.WriteAsync(json, () => ValueTask.CompletedTask);
        json.Flush();
        return buffer.WrittenMemory;
    }
}

/// <summary>How JSON is written around stored bytes.</summary>
internal static class JsonForm
{
    /// <summary>The stored bytes are spliced in as they are, and letters of all languages stay readable.</summary>
    public static JsonWriterOptions Written { get; } = new()
    {
        SkipValidation = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
