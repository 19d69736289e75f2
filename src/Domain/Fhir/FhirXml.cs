using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// FHIR XML (https://hl7.org/fhir/R4/xml.html) as another way of writing FHIR JSON: what comes in becomes JSON before it is looked at, so that
/// both are validated and stored by the same code, and what goes out is made from the stored JSON. Numbers, dates and base64 are never read as
/// values on the way, so they keep each character.
/// </summary>
public static partial class FhirXml
{
    internal const string Namespace = "http://hl7.org/fhir";
    internal const string Xhtml = "http://www.w3.org/1999/xhtml";

    /// <summary>No document types, so no entities and nothing fetched from elsewhere.</summary>
    internal static XmlReaderSettings ReaderSettings { get; } = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    /// <summary>The same resource in JSON, not yet validated. What cannot be one is a 400 that names the element or the line.</summary>
    public static byte[] ToJson(ReadOnlyMemory<byte> xml)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(xml.Span);
            using var reader = XmlReader.Create(new StringReader(text.TrimStart('\uFEFF')), ReaderSettings);
            return new FhirXmlReader(reader).Read();
        }
        catch (XmlException exception)
        {
            throw FhirException.Invalid(string.Create(
                CultureInfo.InvariantCulture,
                $"The body is not well-formed XML, or has a document type (line {exception.LineNumber}, column {exception.LinePosition})."));
        }
        catch (DecoderFallbackException)
        {
            throw FhirException.Invalid("The body is not valid UTF-8.");
        }
    }

    /// <summary>A resource in XML, from JSON that was validated when it was stored or that the server made.</summary>
    public static byte[] FromJson(ReadOnlyMemory<byte> json, bool indented = false)
    {
        var buffer = new MemoryStream(json.Length * 2);
        var settings = new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(false),
            Indent = indented,
            NewLineHandling = NewLineHandling.Entitize,
            NewLineChars = "\n",
        };
        using (var writer = XmlWriter.Create(buffer, settings))
        {
            new FhirXmlWriter(writer).Write(json);
        }

        return buffer.ToArray();
    }

    /// <summary>The element of a type behind a name in JSON or XML, where a choice has its type in it.</summary>
    internal static PropertyMapping? ElementOf(ClassMapping? type, string name) =>
        type?.FindMappedElementByName(name) ?? type?.FindMappedElementByChoiceName(name);

    /// <summary>The type of the values of an element, known by its name; null where they are resources of any type.</summary>
    internal static ClassMapping? TypeOf(PropertyMapping element, string name) => element.Choice switch
    {
        ChoiceType.DatatypeChoice => ModelInfo.ModelInspector.FindClassMapping(name[element.Name.Length..]),
        ChoiceType.None => element.PropertyTypeMapping,
        _ => null,
    };

    /// <summary>Whether the values of an element are resources.</summary>
    internal static bool HoldsResources(PropertyMapping element) =>
        element.Choice == ChoiceType.ResourceChoice || element.PropertyTypeMapping is { IsResource: true };

    /// <summary>Whether JSON writes a primitive of this type without quotes, given that it is sound.</summary>
    internal static bool IsLiteral(string type, string value) => type switch
    {
        "boolean" => value is "true" or "false",
        "integer" or "positiveInt" or "unsignedInt" or "decimal" => Number().IsMatch(value),
        _ => false,
    };

    /// <summary>Characters that XML cannot have are shown as replaced.</summary>
    internal static string Printable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!XmlConvert.IsXmlChar(text[i]) && !(i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i])))
            {
                return string.Concat(text.EnumerateRunes().Select(rune =>
                    rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\uFFFD" : rune.ToString()));
            }

            i += char.IsHighSurrogate(text[i]) ? 1 : 0;
        }

        return text;
    }

    /// <summary>A narrative as elements; as text where it is no XML.</summary>
    internal static XElement NarrativeOf(string div)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(div), ReaderSettings);
            return XElement.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return new XElement(XName.Get("div", Xhtml), Printable(div));
        }
    }

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
