using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The content that a request carries, read only when a handler asks for it and never beyond the limit the handler sets.
/// The bytes are not pooled: a write that is still under way when its request is given up must not see another request's content.
/// </summary>
internal sealed class RequestBody(HttpRequest request)
{
    private const int FirstBuffer = 4096;
    private const int LargestFirstBuffer = 256 * 1024;

    /// <summary>Whether the request says that it carries nothing.</summary>
    public bool IsEmpty => request.ContentType is null && request.ContentLength is null or 0;

    /// <summary>The content of a FHIR write: JSON in UTF-8.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadJsonAsync(int limit, CancellationToken cancellationToken)
    {
        if (!Negotiation.IsJsonContent(request.ContentType))
        {
            throw UnsupportedMediaType("The content must be application/fhir+json in UTF-8.");
        }

        return ReadAsync(request, limit, cancellationToken);
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
