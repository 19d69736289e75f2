using System.Buffers;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Hl7.Fhir.Utility;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// FHIR JSON (https://hl7.org/fhir/R4/json.html): the only configured parser and serialiser, and the changes that are made to
/// stored bytes without parsing them into objects. Whatever a client sends, the worst answer is a 400 that names the elements.
/// </summary>
public static partial class FhirJson
{
    /// <summary>How deep objects and arrays may nest. It is the limit at which common JSON readers stop, so whoever reads us can.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonReaderOptions _readerOptions = new() { MaxDepth = MaxDepth };

    // Relaxed escaping keeps text readable and short; the answer is never embedded in HTML.
    internal static JsonWriterOptions WriterOptions { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private static readonly BaseFhirJsonSerializer _serializer = new(ModelInfo.ModelInspector);

    /// <summary>
    /// Reads and validates a resource in one pass: structure, cardinality, formats, required codes, narrative. Every fault is an issue
    /// of one 400. <paramref name="source"/> is where the resource sits, for the expressions of a Bundle's entries
    /// (<c>Bundle.entry[3].resource</c>).
    /// </summary>
    public static Resource Parse(ReadOnlyMemory<byte> json, string? expectedType = null, string? source = null)
    {
        var scan = JsonScan.Run(json.Span, source);
        if (expectedType is not null && scan.Type != expectedType)
        {
            throw FhirException.Invalid($"A resource of type {expectedType} is expected, not {scan.Type}.", source ?? scan.Type);
        }

        var (resource, faults) = Deserialize(json.Span, scan.Issues.Count > 0);
        var issues = FaultIssues.From(scan.Issues, faults.Where(fault => !LargeNumber.Is(fault, json.Span)), scan.Type, source ?? scan.Type);
        if (issues.Count > 0 || resource is null)
        {
            throw new FhirException(
                HttpStatusCode.BadRequest,
                issues.Count > 0 ? issues : [FhirException.Issue(OperationOutcome.IssueType.Structure, "The resource cannot be read.")]);
        }

        return resource;
    }

    /// <summary>The UTF-8 JSON of a resource or data type that the server made itself.</summary>
    public static byte[] Serialize(Base value)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            _serializer.Serialize(value, writer, null);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The same JSON with line breaks and two spaces of indentation.</summary>
    public static byte[] Pretty(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, _readerOptions with { MaxDepth = 2 * MaxDepth });
        using var writer = new JsonTokenWriter(json.Length * 2, indented: true);
        while (reader.Read())
        {
            writer.Write(ref reader);
        }

        return writer.ToArray();
    }

    /// <summary>The value of <c>resourceType</c> at the root, or null where there is none. The input must be sound JSON.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> json) => RootString(json, "resourceType"u8);

    /// <summary>The value of <c>id</c> at the root, or null where there is none. The input must be sound JSON.</summary>
    public static string? IdOf(ReadOnlySpan<byte> json) => RootString(json, "id"u8);

    private static string? RootString(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json, _readerOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt)
            {
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }

            reader.Skip();
        }

        return null;
    }

    /// <summary>What can be made of JSON that need not be a valid resource yet; null where that is nothing.</summary>
    internal static Resource? TryParseLoosely(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, _readerOptions);
        try
        {
            FhirJsonDeserializer.SYNTAXONLY.TryDeserializeResource(ref reader, out var resource, out _);
            return resource;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // As below: whatever the SDK stumbles over is the shape of the content.
            return null;
        }
    }

    private static (Resource? Resource, IEnumerable<CodedException> Faults) Deserialize(ReadOnlySpan<byte> json, bool hasIssues)
    {
        // STRICT because only it checks the narrative's XHTML; where there is none it costs the same as the others.
        var validator = new FormatValidator();
        var deserializer = new FhirJsonDeserializer(FhirJsonDeserializer.STRICT.Settings with { Validator = validator });
        var reader = new Utf8JsonReader(json, _readerOptions);
        try
        {
            deserializer.TryDeserializeResource(ref reader, out var resource, out var faults);
            return (resource, faults);
        }
        catch (FormatValidator.TooManyFaultsException)
        {
            return (null, validator.Faults);
        }
        catch (CodedException fault)
        {
            // Thrown without a place; where the scan has found the reason already it adds nothing.
            return (null, hasIssues ? [] : [fault]);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The text is sound JSON (the scan has read it all), so whatever the SDK stumbles over is the shape of the content.
            return (null, []);
        }
    }
}
