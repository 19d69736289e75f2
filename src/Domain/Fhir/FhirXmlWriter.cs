using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Xml;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>Makes FHIR XML of FHIR JSON that is sound: elements in the order of their definitions, values as they are written.</summary>
internal sealed class FhirXmlWriter(XmlWriter writer)
{
    // A resource in a Bundle starts some levels down.
    private static readonly JsonDocumentOptions _parsing = new() { MaxDepth = 4 * FhirJson.MaxDepth };

    public void Write(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, _parsing);
        writer.WriteStartDocument();
        WriteResource(document.RootElement);
        writer.WriteEndDocument();
    }

    private void WriteResource(JsonElement resource)
    {
        var type = resource.GetProperty("resourceType"u8).GetString()!;
        writer.WriteStartElement(type, FhirXml.Namespace);
        WriteProperties(resource, ModelInfo.ModelInspector.FindClassMapping(type));
        writer.WriteEndElement();
    }

    /// <summary>All properties of an object but those that are attributes.</summary>
    private void WriteProperties(JsonElement value, ClassMapping? type)
    {
        var isResource = type is null or { IsResource: true };
        var names = value.EnumerateObject().Select(property => property.Name.TrimStart('_')).Distinct()
            .Where(name => name != (isResource ? "resourceType" : "id") && !(name == "url" && type?.Name == "Extension"))
            .Select(name => (Name: name, Element: FhirXml.ElementOf(type, name)))
            .Where(property => property.Element is not null)
            .OrderBy(property => property.Element!.Order);
        foreach (var (name, element) in names)
        {
            JsonElement? one = value.TryGetProperty(name, out var found) ? found : null;
            JsonElement? companion = value.TryGetProperty("_" + name, out found) ? found : null;
            if (one is { ValueKind: JsonValueKind.Array } || companion is { ValueKind: JsonValueKind.Array })
            {
                var count = Math.Max(one?.GetArrayLength() ?? 0, companion?.GetArrayLength() ?? 0);
                for (var i = 0; i < count; i++)
                {
                    WriteElement(name, element!, ItemOf(one, i), ItemOf(companion, i));
                }
            }
            else
            {
                WriteElement(name, element!, one, companion);
            }
        }
    }

    private static JsonElement? ItemOf(JsonElement? list, int index) =>
        list is { } items && index < items.GetArrayLength() && items[index] is { ValueKind: not JsonValueKind.Null } item ? item : null;

    private void WriteElement(string name, PropertyMapping element, JsonElement? value, JsonElement? companion)
    {
        if (name == "div" && value is { ValueKind: JsonValueKind.String } div)
        {
            FhirXml.NarrativeOf(div.GetString()!).WriteTo(writer);
            return;
        }

        writer.WriteStartElement(name, FhirXml.Namespace);
        if (value is { ValueKind: JsonValueKind.Object } complex)
        {
            if (FhirXml.HoldsResources(element))
            {
                WriteResource(complex);
            }
            else
            {
                WriteComplex(complex, FhirXml.TypeOf(element, name));
            }
        }
        else
        {
            if (companion is { } named && named.TryGetProperty("id"u8, out var id))
            {
                writer.WriteAttributeString("id", FhirXml.Printable(id.GetString()!));
            }

            if (value is { } primitive)
            {
                writer.WriteAttributeString("value", TextOf(primitive));
            }

            if (companion is { } extended)
            {
                WriteProperties(extended, FhirXml.TypeOf(element, name));
            }
        }

        writer.WriteEndElement();
    }

    private void WriteComplex(JsonElement value, ClassMapping? type)
    {
        foreach (var name in (ReadOnlySpan<string>)["id", "url"])
        {
            if ((name == "id" || type?.Name == "Extension") && value.TryGetProperty(name, out var attribute))
            {
                writer.WriteAttributeString(name, FhirXml.Printable(attribute.GetString()!));
            }
        }

        WriteProperties(value, type);
    }

    private static string TextOf(JsonElement primitive) => primitive.ValueKind == JsonValueKind.String
        ? FhirXml.Printable(primitive.GetString()!)
        : Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(primitive));
}
