using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Makes FHIR JSON of FHIR XML. What JSON has no word for (attributes and text where none belong, a wrong order) is refused here; everything
/// else that is wrong is left in, for the validation of JSON to find.
/// </summary>
internal sealed class FhirXmlReader(XmlReader reader)
{
    private const string Instance = "http://www.w3.org/2001/XMLSchema-instance";

    private readonly List<string> _path = [];

    public byte[] Read()
    {
        reader.MoveToContent();
        var resource = ReadResource();
        while (reader.Read())
        {
            // To the end, so that anything behind the resource is found.
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, FhirJson.WriterOptions))
        {
            resource.WriteTo(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private JsonObject ReadResource()
    {
        var type = reader.LocalName;
        if (reader.NamespaceURI != FhirXml.Namespace || !ResourceCatalog.IsKnown(type))
        {
            throw Wrong($"The element is not a resource type of R4 in the namespace {FhirXml.Namespace}");
        }

        if (_path.Count == 0)
        {
            _path.Add(type);
        }

        var resource = new JsonObject { ["resourceType"] = type };
        ReadAttributes(resource, null);
        ReadChildren(resource, ModelInfo.ModelInspector.FindClassMapping(type));
        return resource;
    }

    /// <summary>Reads from a start tag to its end tag, or over an empty element.</summary>
    private void ReadChildren(JsonObject owner, ClassMapping? type)
    {
        if (reader.IsEmptyElement)
        {
            return;
        }

        var last = int.MinValue;
        while (reader.Read() && reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                ReadElement(owner, type, ref last);
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                throw Wrong("There is text where elements belong");
            }
        }
    }

    private void ReadElement(JsonObject owner, ClassMapping? type, ref int last)
    {
        var name = reader.LocalName;
        _path.Add(name);
        if (_path.Count > FhirJson.MaxDepth)
        {
            throw Wrong($"The XML is nested more than {FhirJson.MaxDepth} levels deep");
        }

        if (name == "div" && reader.NamespaceURI == FhirXml.Xhtml && type?.Name == "Narrative")
        {
            using var narrative = reader.ReadSubtree();
            narrative.Read();
            Put(owner, name, narrative.ReadOuterXml());
        }
        else if (reader.NamespaceURI != FhirXml.Namespace)
        {
            throw Wrong($"The element is not of the namespace {FhirXml.Namespace}");
        }
        else if (FhirXml.ElementOf(type, name) is not { } element)
        {
            // Not known in JSON either, which the validation says.
            Put(owner, name, reader.GetAttribute("value") ?? "unknown");
            using var skipped = reader.ReadSubtree();
            while (skipped.Read())
            {
                // Over it, to its end tag.
            }
        }
        else
        {
            if (element.Order < last)
            {
                throw Wrong("The element does not come in the order of its definition");
            }

            last = element.Order ?? last;
            ReadValue(owner, name, element);
        }

        _path.RemoveAt(_path.Count - 1);
    }

    private void ReadValue(JsonObject owner, string name, PropertyMapping element)
    {
        var slot = new JsonSlot(owner, name);
        if (!element.IsCollection && !slot.IsEmpty)
        {
            throw Wrong("The element is there twice");
        }

        var value = Read(name, element);
        if (element.IsCollection)
        {
            slot.Insert(slot.Count, value);
        }
        else
        {
            slot.Set(value);
        }
    }

    private PatchValue Read(string name, PropertyMapping element)
    {
        if (FhirXml.HoldsResources(element))
        {
            return new(ReadHeld(), null, "");
        }

        var type = FhirXml.TypeOf(element, name);
        var properties = new JsonObject();
        if (type is not { IsFhirPrimitive: true })
        {
            ReadAttributes(properties, type);
            ReadChildren(properties, type);
            return new(properties, null, "");
        }

        var text = reader.GetAttribute("value");
        ReadAttributes(properties, type);
        ReadChildren(properties, type);
        var companion = properties.Count == 0 ? null : properties;
        return text is null
            // Nothing at all is as wrong as an empty string, and said to be so.
            ? new(companion is null ? JsonValue.Create("") : null, companion, "")
            : new(FhirXml.IsLiteral(type.Name, text) ? JsonNode.Parse(text) : JsonValue.Create(text), companion, "");
    }

    private JsonObject ReadHeld()
    {
        ReadAttributes([], null);
        JsonObject? held = null;
        var isOpen = !reader.IsEmptyElement;
        while (isOpen && reader.Read() && reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                held = held is null ? ReadResource() : throw Wrong("There is more than one resource");
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                throw Wrong("There is text where a resource belongs");
            }
        }

        return held ?? throw Wrong("There is no resource");
    }

    /// <summary>An element's id, an extension's url, a primitive's value; nothing else.</summary>
    private void ReadAttributes(JsonObject owner, ClassMapping? type)
    {
        while (reader.MoveToNextAttribute())
        {
            if (reader.Prefix == "xmlns" || reader.Name == "xmlns" || reader.NamespaceURI == Instance)
            {
                continue;
            }

            switch (reader.Name)
            {
                case "id" when type is not null:
                case "url" when type?.Name == "Extension":
                    owner[reader.Name] = reader.Value;
                    break;
                case "value" when type is { IsFhirPrimitive: true }:
                    break;
                default:
                    throw Wrong($"There is no attribute {reader.Name} here");
            }
        }

        reader.MoveToElement();
    }

    private void Put(JsonObject owner, string name, string value)
    {
        if (!owner.TryAdd(name, JsonValue.Create(value)))
        {
            throw Wrong("The element is there twice");
        }
    }

    private FhirException Wrong(string text)
    {
        var place = reader is IXmlLineInfo line ? string.Create(CultureInfo.InvariantCulture, $" (line {line.LineNumber}, column {line.LinePosition})") : "";
        return FhirException.Invalid($"{text}{place}.", _path.Count == 0 ? null : string.Join('.', _path));
    }
}
