using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Hl7.Fhir.Model;
using Microsoft.Net.Http.Headers;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The content that a request carries, read only when a handler asks for it and never beyond the limit the handler sets.
/// The bytes are not pooled: a write that is still under way when its request is given up must not see another request's content.
/// </summary>
internal sealed class RequestBody(HttpRequest request)
{
    private const string JsonPatch = "application/json-patch+json";
    private const int FirstBuffer = 4096;
    private const int LargestFirstBuffer = 256 * 1024;

    /// <summary>Whether the request says that it carries nothing.</summary>
    public bool IsEmpty => request.ContentType is null && request.ContentLength is null or 0;

    /// <summary>The content of a FHIR write as JSON: it comes as JSON or XML in UTF-8.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadJsonAsync(int limit, CancellationToken cancellationToken) =>
        Negotiation.IsJsonContent(request.ContentType) ? ReadAsync(request, limit, cancellationToken)
        : Negotiation.IsXmlContent(request.ContentType) ? ReadXmlAsync(limit, cancellationToken)
        : throw UnsupportedMediaType("The content must be application/fhir+json or application/fhir+xml in UTF-8.");

    /// <summary>Content that is not FHIR, as JSON or XML of any media type that says so.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadPayloadAsync(bool isXml, int limit, CancellationToken cancellationToken)
    {
        var name = isXml ? "xml" : "json";
        return MediaTypeHeaderValue.TryParse(request.ContentType, out var media)
            && (media.SubType.Equals(name, StringComparison.OrdinalIgnoreCase) || media.Suffix.Equals(name, StringComparison.OrdinalIgnoreCase))
                ? ReadAsync(request, limit, cancellationToken)
                : throw UnsupportedMediaType($"The content must be application/{name}.");
    }

    /// <summary>The content of a request that is read piece by piece; whoever reads it sets the limits.</summary>
    public PipeReader Open() => request.Headers.ContentEncoding.ToString().ToLowerInvariant() switch
    {
        "" or "identity" => request.BodyReader,
        "gzip" => PipeReader.Create(new GZipStream(request.Body, CompressionMode.Decompress)),
        "br" => PipeReader.Create(new BrotliStream(request.Body, CompressionMode.Decompress)),
        _ => throw UnsupportedMediaType("Content-Encoding must be gzip, br or identity."),
    };

    /// <summary>From now on the answer has this form: a search form says it in its content.</summary>
    public void Answer(Negotiation form) => request.HttpContext.Features.Set(form);

    /// <summary>The content of a patch; its media type says of which kind.</summary>
    public async ValueTask<(PatchFormat Format, ReadOnlyMemory<byte> Content)> ReadPatchAsync(int limit, CancellationToken cancellationToken)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var media)
            && media.MediaType.Equals(JsonPatch, StringComparison.OrdinalIgnoreCase)
            && (!media.Charset.HasValue || media.Encoding is UTF8Encoding))
        {
            return (PatchFormat.Json, await ReadAsync(request, limit, cancellationToken));
        }

        return Negotiation.IsJsonContent(request.ContentType) || Negotiation.IsXmlContent(request.ContentType)
            ? (PatchFormat.FhirPath, await ReadJsonAsync(limit, cancellationToken))
            : throw UnsupportedMediaType($"A patch must be {JsonPatch}, or Parameters in application/fhir+json or application/fhir+xml, in UTF-8.");
    }

    /// <summary>The content of a search form.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadFormAsync(int limit, CancellationToken cancellationToken)
    {
        // A search without a form has all its parameters in the address.
        if (IsEmpty)
        {
            return ValueTask.FromResult(ReadOnlyMemory<byte>.Empty);
        }

        if (!request.HasFormContentType || !request.ContentType!.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            throw UnsupportedMediaType("The content must be application/x-www-form-urlencoded.");
        }

        return ReadAsync(request, limit, cancellationToken);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadXmlAsync(int limit, CancellationToken cancellationToken) =>
        FhirXml.ToJson(await ReadAsync(request, limit, cancellationToken));

    private static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw TooLarge(limit);
        }

        switch (request.Headers.ContentEncoding.ToString().ToLowerInvariant())
        {
            case "" or "identity":
                return await CollectAsync(request.BodyReader, (int?)request.ContentLength ?? FirstBuffer, limit, cancellationToken);
            case "gzip":
                await using (var gzip = new GZipStream(request.Body, CompressionMode.Decompress))
                {
                    return await DecompressAsync(gzip, limit, cancellationToken);
                }

            case "br":
                await using (var brotli = new BrotliStream(request.Body, CompressionMode.Decompress))
                {
                    return await DecompressAsync(brotli, limit, cancellationToken);
                }

            default:
                throw UnsupportedMediaType("Content-Encoding must be gzip, br or identity.");
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> DecompressAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        try
        {
            return await CollectAsync(PipeReader.Create(stream), FirstBuffer, limit, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw FhirException.Invalid("The content is not what its Content-Encoding says.");
        }
        catch (InvalidOperationException)
        {
            // What Brotli says of data that is none.
            throw FhirException.Invalid("The content is not what its Content-Encoding says.");
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> CollectAsync(
        PipeReader reader, int expected, int limit, CancellationToken cancellationToken)
    {
        // What a client says it will send is not reserved before it comes.
        var buffer = new ArrayBufferWriter<byte>(Math.Clamp(expected, 1, LargestFirstBuffer));
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (buffer.WrittenCount + read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge(limit);
            }

            foreach (var segment in read.Buffer)
            {
                buffer.Write(segment.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return buffer.WrittenMemory;
            }
        }
    }

    private static FhirException TooLarge(int limit) => FhirException.Of(
        HttpStatusCode.RequestEntityTooLarge, OperationOutcome.IssueType.TooLong, $"The content is larger than the limit of {limit} bytes.");

    private static FhirException UnsupportedMediaType(string text) =>
        FhirException.Of(HttpStatusCode.UnsupportedMediaType, OperationOutcome.IssueType.NotSupported, text);
}
