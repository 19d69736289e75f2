using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using Microsoft.Net.Http.Headers;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Binaries;

/// <summary>
/// A file as it is, whole or a range of it (RFC 9110, 14): sent while it is read, always to be saved and never to be shown in a page, for who
/// knows who made it.
/// </summary>
internal sealed class FileResult(StoredResource found, Binary binary, BinaryContent? content, IBinaryContents contents) : IResult
{
    private const int BufferBytes = 64 * 1024;

    private readonly long _size = content?.Size ?? binary.Data?.Length ?? 0;

    /// <summary>Whose record it is of.</summary>
    public ImmutableArray<string> Patients { get; init; } = [];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var (status, from, count) = Range(request);
        if (httpContext.Features.Get<RequestAudit>() is { } audit)
        {
            await audit.AnsweringAsync(FhirResult.Headed(status, found) with { Patients = Patients });
        }

        var headers = response.Headers;
        response.StatusCode = (int)status;
        headers.ETag = found.ETag;
        headers.LastModified = found.LastUpdated.ToString("R", CultureInfo.InvariantCulture);
        headers.CacheControl = "no-store";
        headers.AcceptRanges = "bytes";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers.ContentDisposition = "attachment";
        if (binary.SecurityContext?.Reference is { } context)
        {
            headers["X-Security-Context"] = Ascii(context);
        }

        if (status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            headers.ContentRange = new ContentRangeHeaderValue(_size).ToString();
            headers.ContentLength = 0;
            return;
        }

        headers.ContentType = Ascii(binary.ContentType ?? "application/octet-stream");
        headers.ContentLength = count;
        if (status == HttpStatusCode.PartialContent)
        {
            headers.ContentRange = new ContentRangeHeaderValue(from, from + count - 1, _size).ToString();
        }

        if (HttpMethods.IsHead(request.Method) || count == 0)
        {
            return;
        }

        if (content is null)
        {
            // Stored by an earlier version of the server, with its data in the row.
            await response.Body.WriteAsync(binary.Data.AsMemory((int)from, (int)count), httpContext.RequestAborted);
            return;
        }

        await using var stream = await contents.OpenAsync(content, from, count, httpContext.RequestAborted);
        await stream.CopyToAsync(response.Body, BufferBytes, httpContext.RequestAborted);
    }

    /// <summary>The one range that is asked for; several are answered with the whole, as RFC 9110 allows.</summary>
    private (HttpStatusCode Status, long From, long Count) Range(HttpRequest request)
    {
        var whole = (HttpStatusCode.OK, 0L, _size);
        if (!HttpMethods.IsGet(request.Method) || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header)
            || header.Unit != "bytes" || header.Ranges.Count != 1 || !IfRangeHolds(request))
        {
            return whole;
        }

        var range = header.Ranges.First();
        var (from, to) = range.From is { } start
            ? (start, Math.Min(range.To ?? long.MaxValue, _size - 1))
            : (Math.Max(0, _size - range.To!.Value), range.To == 0 ? -1 : _size - 1);
        return from < _size && from <= to ? (HttpStatusCode.PartialContent, from, to - from + 1) : (HttpStatusCode.RequestedRangeNotSatisfiable, 0, 0);
    }

    /// <summary>Tags of FHIR are weak, but the content of a version never changes: the same version is the same file.</summary>
    private bool IfRangeHolds(HttpRequest request)
    {
        var condition = request.Headers.IfRange.ToString();
        return condition.Length == 0 || condition == found.ETag || condition == found.ETag[2..]
            || (HeaderUtilities.TryParseDate(condition, out var date) && date.ToUnixTimeSeconds() == found.LastUpdated.ToUnixTimeSeconds());
    }

    private static string Ascii(string text) => string.Concat(text.Where(letter => letter is >= ' ' and <= '~'));
}
