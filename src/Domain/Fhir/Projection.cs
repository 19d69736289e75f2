using System.Text.Json;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Which elements of a resource an answer gives: <c>_summary</c> or <c>_elements</c> (https://hl7.org/fhir/R4/search.html#summary).
/// A projected resource keeps its type, id and meta, and is tagged SUBSETTED.
/// </summary>
public sealed class Projection
{
    private readonly Func<PropertyMapping?, string, bool> _keeps;
    private readonly bool _isDeep;

    private Projection(Func<PropertyMapping?, string, bool> keeps, bool isDeep = false)
    {
        _keeps = keeps;
        _isDeep = isDeep;
    }

    /// <summary><c>_summary=true</c>: elements marked as summary in the definitions, and mandatory ones, at every level.</summary>
    public static Projection Summary { get; } =
        new((element, _) => element is { InSummary: true } or { IsMandatoryElement: true }, isDeep: true);

    /// <summary><c>_summary=text</c>: the narrative and mandatory elements.</summary>
    public static Projection Text { get; } = new((element, name) => name == "text" || element is { IsMandatoryElement: true });

    /// <summary><c>_summary=data</c>: everything but the narrative.</summary>
    public static Projection Data { get; } = new((_, name) => name != "text");

    /// <summary><c>_elements</c>: these top-level elements and the mandatory ones; a choice goes without its type.</summary>
    public static Projection Elements(IEnumerable<string> names)
    {
        var wanted = names.ToHashSet(StringComparer.Ordinal);
        return new((element, name) => wanted.Contains(name) || element is { IsMandatoryElement: true });
    }

    /// <summary>The stored bytes with only the elements of this projection.</summary>
    public byte[] Apply(ReadOnlySpan<byte> json)
    {
        var mapping = FhirJson.TypeOf(json) is { } type ? ModelInfo.ModelInspector.FindClassMapping(type) : null;
        var reader = new Utf8JsonReader(json);
        using var writer = new JsonTokenWriter(json.Length + 128);
        var hasMeta = false;
        reader.Read();
        writer.Write(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("resourceType"u8) || reader.ValueTextEquals("id"u8))
            {
                writer.WriteValue(ref reader);
            }
            else if (reader.ValueTextEquals("meta"u8))
            {
                hasMeta = true;
                WriteMeta(ref reader, writer);
            }
            else
            {
                WriteElement(ref reader, writer, mapping);
            }
        }

        if (!hasMeta)
        {
            writer.Name("meta"u8);
            writer.Open((byte)'{');
            WriteTags(default, writer);
            writer.Close((byte)'}');
        }

        writer.Write(ref reader);
        return writer.ToArray();
    }

    private void WriteElement(ref Utf8JsonReader reader, JsonTokenWriter writer, ClassMapping? parent)
    {
        var property = reader.GetString()!.TrimStart('_');
        var element = parent?.FindMappedElementByName(property) ?? parent?.FindMappedElementByChoiceName(property);
        if (!_keeps(element, element?.Name ?? property))
        {
            reader.Read();
            reader.Skip();
        }
        else if (_isDeep && !reader.ValueSpan.StartsWith("_"u8) && ValueType(element, property) is { } type)
        {
            writer.Write(ref reader);
            reader.Read();
            WriteDeep(ref reader, writer, type);
        }
        else
        {
            writer.WriteValue(ref reader);
        }
    }

    private void WriteDeep(ref Utf8JsonReader reader, JsonTokenWriter writer, ClassMapping type)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            writer.Write(ref reader);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                WriteDeep(ref reader, writer, type);
            }

            writer.Write(ref reader);
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            var whole = reader;
            var mark = writer.Mark();
            writer.Write(ref reader);
            var empty = writer.Mark();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                WriteElement(ref reader, writer, type);
            }

            if (writer.Mark() != empty)
            {
                writer.Write(ref reader);
                return;
            }

            // Nothing of it is in the summary (an extension alone, say): FHIR has no empty objects, so it is given whole.
            writer.Reset(mark);
            writer.WriteValue(ref whole);
        }
        else
        {
            writer.Write(ref reader);
        }
    }

    // Extensions are kept or left as one; primitives and contained resources have nothing to cut.
    private static ClassMapping? ValueType(PropertyMapping? element, string property)
    {
        var type = element switch
        {
            null => null,
            { Choice: ChoiceType.DatatypeChoice } => ModelInfo.ModelInspector.FindClassMapping(property[element.Name.Length..]),
            { Choice: ChoiceType.None } => element.PropertyTypeMapping,
            _ => null,
        };
        return type is null or { IsFhirPrimitive: true } or { IsResource: true } or { Name: "Extension" } ? null : type;
    }

    private static void WriteMeta(ref Utf8JsonReader reader, JsonTokenWriter writer)
    {
        using var tags = new JsonTokenWriter(256);
        writer.Write(ref reader);
        reader.Read();
        writer.Write(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("tag"u8))
            {
                writer.WriteValue(ref reader);
                continue;
            }

            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                tags.WriteValue(ref reader);
            }
        }

        WriteTags(tags.Written, writer);
        writer.Write(ref reader);
    }

    private static void WriteTags(ReadOnlySpan<byte> others, JsonTokenWriter writer)
    {
        writer.Name("tag"u8);
        writer.Open((byte)'[');
        writer.Raw(others);
        writer.Raw("""{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"""u8);
        writer.Close((byte)']');
    }
}
