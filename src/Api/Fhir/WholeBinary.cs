using System.Buffers;
using System.Text.Json;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>A Binary as a resource, its content as <c>data</c> in base64, read from the blob store while it is written.</summary>
internal sealed class WholeBinary(StoredResource binary, BinaryContent content, IBinaryContents contents) : FhirContent
{
    // A multiple of three, so that the parts of base64 join.
    private const int PartBytes = 48 * 1024;

    public override ValueTask WriteAsync(Utf8JsonWriter json, Func<ValueTask> written) => BinaryContent.WriteWholeAsync(json, binary.Json, async () =>
    {
        json.WritePropertyName("data"u8);
        var part = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            await using var stream = await contents.OpenAsync(content, 0, content.Size, CancellationToken.None);
            for (var left = content.Size; ;)
            {
                var count = (int)Math.Min(left, PartBytes);
                await stream.ReadExactlyAsync(part.AsMemory(0, count));
                left -= count;
                json.WriteBase64StringSegment(part.AsSpan(0, count), isFinalSegment: left == 0);
                await written();
                if (left == 0)
                {
                    break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
        }
    });
}
