using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Audit;

/// <summary>
/// The bytes of a record: one line of JSON with short names in a fixed order, so that equal records have equal bytes, and a person can
/// read the log with the tools of the database alone. What a version means never changes; a change is a new version.
/// </summary>
public static class AuditRecordJson
{
    private const int Version = 1;

    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // One line for each request makes this hot.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>The line, without a line break.</summary>
    public static byte[] Write(AuditRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(512);
        var json = _writer ??= new Utf8JsonWriter(buffer, _options);
        try
        {
            json.WriteStartObject();
            json.WriteNumber("v"u8, Version);
            json.WriteString("t"u8, record.Recorded.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteNumber("k"u8, (int)record.Kind);
            json.WriteString("e"u8, record.Event);
            json.WriteNumber("s"u8, record.Status);
            Write(json, "c"u8, record.ClientId);
            Write(json, "u"u8, record.UserId);
            Write(json, "f"u8, record.FhirUser);
            Write(json, "a"u8, record.RemoteAddress);
            Write(json, "q"u8, record.Query);
            Write(json, "r"u8, record.RequestId);
            Write(json, "w"u8, record.Reason);
            WriteTouched(json, record);
            WriteHeads(json, record.Heads);
            json.WriteEndObject();
            json.Flush();
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            json.Reset();
            buffer.ResetWrittenCount();
        }
    }

    /// <summary>Reads a line back; throws <see cref="FormatException"/> for anything that was not written here.</summary>
    public static AuditRecord Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            if (json.GetProperty("v").GetInt32() != Version)
            {
                throw new FormatException("The audit record is of an unknown version.");
            }

            return new AuditRecord((AuditKind)json.GetProperty("k").GetInt32(), json.GetProperty("e").GetString()!, json.GetProperty("t").GetDateTimeOffset())
            {
                Status = json.GetProperty("s").GetInt32(),
                ClientId = Text(json, "c"),
                UserId = Text(json, "u"),
                FhirUser = Text(json, "f"),
                RemoteAddress = Text(json, "a"),
                Query = Text(json, "q"),
                RequestId = Text(json, "r"),
                Reason = Text(json, "w"),
                IsEmergency = json.TryGetProperty("b", out _),
                Subjects = [.. Items(json, "p").Select(SubjectOf)],
                Resources = [.. Items(json, "o").Select(name => name.GetString()!)],
                Omitted = json.TryGetProperty("n", out var omitted) ? omitted.GetInt32() : 0,
                Heads = [.. Items(json, "h").Select(head => new AuditHead(head[0].GetString()!, head[1].GetInt64(), head[2].GetString()!))],
            };
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new FormatException("The audit record cannot be read.", wrong);
        }
    }

    private static void WriteTouched(Utf8JsonWriter json, AuditRecord record)
    {
        if (record.IsEmergency)
        {
            json.WriteBoolean("b"u8, true);
        }

        if (!record.Subjects.IsEmpty)
        {
            json.WriteStartArray("p"u8);
            foreach (var subject in record.Subjects)
            {
                json.WriteStartArray();
                json.WriteStringValue(subject.Patient);
                WriteAll(json, subject.Resources);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        if (!record.Resources.IsEmpty)
        {
            json.WriteStartArray("o"u8);
            WriteAll(json, record.Resources);
            json.WriteEndArray();
        }

        if (record.Omitted > 0)
        {
            json.WriteNumber("n"u8, record.Omitted);
        }
    }

    private static void WriteHeads(Utf8JsonWriter json, ImmutableArray<AuditHead> heads)
    {
        if (heads.IsEmpty)
        {
            return;
        }

        json.WriteStartArray("h"u8);
        foreach (var head in heads)
        {
            json.WriteStartArray();
            json.WriteStringValue(head.Chain);
            json.WriteNumberValue(head.Next);
            json.WriteStringValue(head.Hash);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static void WriteAll(Utf8JsonWriter json, ImmutableArray<string> names)
    {
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static AuditSubject SubjectOf(JsonElement subject)
    {
        var names = subject.EnumerateArray().Select(name => name.GetString()!).ToImmutableArray();
        return names.IsEmpty ? throw new FormatException("A patient of the audit record has no id.") : new AuditSubject(names[0], names[1..]);
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.EnumerateArray() : default;
}
