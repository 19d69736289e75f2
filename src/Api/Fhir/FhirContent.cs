using System.Text.Json;

namespace TeleFhir.Api.Fhir;

/// <summary>What an answer holds: stored bytes, or a Bundle that is written around them.</summary>
internal abstract class FhirContent
{
    /// <summary>The whole content, where it is at hand as bytes.</summary>
    public virtual ReadOnlyMemory<byte>? Bytes => null;

    /// <summary>Writes one JSON object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="written">Called between entries, so that a long answer goes out while it is written.</param>
    public abstract ValueTask WriteAsync(Utf8JsonWriter json, Func<ValueTask> written);

    public static FhirContent Of(ReadOnlyMemory<byte> bytes) => new Raw(bytes);

    private sealed class Raw(ReadOnlyMemory<byte> bytes) : FhirContent
    {
        public override ReadOnlyMemory<byte>? Bytes => bytes;

        public override ValueTask WriteAsync(Utf8JsonWriter json, Func<ValueTask> written)
        {
            // They were written by the one serialiser; checking them again would cost more than copying them.
            json.WriteRawValue(bytes.Span, skipInputValidation: true);
            return ValueTask.CompletedTask;
        }
    }
}
