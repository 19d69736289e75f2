using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Binaries;

/// <summary>Create and update of a file that comes as it is, with its own Content-Type; what comes as FHIR goes the way of all resources.</summary>
internal static class WriteBinary
{
    private const string SecurityContext = "X-Security-Context";

    public static Task<FhirResult> HandleCreateAsync(BinaryRequest request, FhirServer server, BinarySettings settings, CancellationToken cancellationToken) =>
        request.IsFhirContent || request.Fhir.Body.IsEmpty
            ? Create.HandleAsync(request.Fhir, server, cancellationToken)
            : StoreAsync(request, server, settings, json => BundleEntry.Create("Binary", json, request.Fhir.IfNoneExist), cancellationToken);

    public static Task<FhirResult> HandleUpdateAsync(BinaryRequest request, FhirServer server, BinarySettings settings, CancellationToken cancellationToken) =>
        request.IsFhirContent || request.Fhir.Body.IsEmpty
            ? Update.HandleAsync(request.Fhir, server, cancellationToken)
            : StoreAsync(
                request, server, settings, json => BundleEntry.Update(request.Fhir.Url, json, request.Fhir.IfMatch, request.Fhir.IfNoneMatch), cancellationToken);

    private static async Task<FhirResult> StoreAsync(
        BinaryRequest request, FhirServer server, BinarySettings settings, Func<ReadOnlyMemory<byte>, BundleEntry> entry, CancellationToken cancellationToken)
    {
        var type = request.Http.ContentType ?? "";
        if (BinaryRules.CheckType(type, settings) is { } refusal)
        {
            throw refusal.ToException(server.Booking.Canonicals);
        }

        if (request.Http.ContentLength > settings.MaxBytes)
        {
            throw BinaryRules.OverSize(settings).ToException(server.Booking.Canonicals);
        }

        var context = await ContextAsync(request, server, cancellationToken);
        var content = await ReceiveAsync(request, server, type, cancellationToken);
        try
        {
            var result = await Write.RunAsync(request.Fhir, server, entry(JsonOf(request.Fhir.Key.Id, type, context, content)), cancellationToken);
            if (result.Resource is not { } stored || BinaryContent.Of(stored.Json)?.Blob != content.Blob)
            {
                await server.Contents.DiscardAsync(content);
            }

            // The client has the file: what is told of it will do.
            return result is { Resource: { } shown, IsOutcome: false, Content: not null } ? result with { Content = FhirContent.Of(shown.Json) } : result;
        }
        catch
        {
            await server.Contents.DiscardAsync(content);
            throw;
        }
    }

    /// <summary>What the file belongs to: as the header says, else as it was.</summary>
    private static async Task<string?> ContextAsync(BinaryRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var header = request.Http.Headers[SecurityContext];
        if (header is [{ Length: > 0 } context])
        {
            var relative = context.StartsWith(server.Address.Base + "/", StringComparison.Ordinal) ? context[(server.Address.Base.Length + 1)..] : context;
            return ResourceKey.TryParse(relative, out var key) && key.Version is null
                ? relative
                : throw FhirException.Invalid($"{SecurityContext} must be a reference to a resource of this server, as DocumentReference/1.", "Binary.securityContext");
        }

        return header.Count == 0 && request.Fhir.Key is { Id: not null } same
            && await server.Store.ReadAsync(request.Fhir.Caller, same, cancellationToken) is { IsDeleted: false } stored
                ? ((Binary)FhirJson.Parse(stored.Json, "Binary")).SecurityContext?.Reference
                : null;
    }

    private static async Task<BinaryContent> ReceiveAsync(BinaryRequest request, FhirServer server, string type, CancellationToken cancellationToken)
    {
        var body = request.Http.Body;
        await using var decoded = request.Http.Headers.ContentEncoding.ToString().ToLowerInvariant() switch
        {
            "" or "identity" => null,
            "gzip" => (Stream)new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
            "br" => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
            _ => throw FhirException.Of(
                HttpStatusCode.UnsupportedMediaType, OperationOutcome.IssueType.NotSupported, "Content-Encoding must be gzip, br or identity."),
        };
        try
        {
            return await server.Contents.ReceiveAsync(decoded ?? body, type, cancellationToken);
        }
        catch (Exception exception) when (decoded is not null && exception is InvalidDataException or InvalidOperationException)
        {
            throw FhirException.Invalid("The content is not what its Content-Encoding says.");
        }
    }

    private static ReadOnlyMemory<byte> JsonOf(string? id, string type, string? context, BinaryContent content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Binary");
            if (id is not null)
            {
                json.WriteString("id"u8, id);
            }

            json.WriteString("contentType"u8, type);
            if (context is not null)
            {
                json.WriteStartObject("securityContext"u8);
                json.WriteString("reference"u8, context);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return BinaryContent.Put(buffer.WrittenMemory, content);
    }
}
