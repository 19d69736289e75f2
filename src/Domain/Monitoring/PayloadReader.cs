using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>Makes Observations of what a wearable's service sent, as its description says. What the description does not name is passed over.</summary>
/// <param name="map">The description.</param>
/// <param name="canonicals">Where this server's identifiers are.</param>
public sealed class PayloadReader(PayloadMap map, Canonicals canonicals)
{
    private const string Category = "http://terminology.hl7.org/CodeSystem/observation-category";
    private const int MostElements = 500_000;

    private static readonly string[] _times =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ss zzz", "yyyy-MM-dd HH:mm:sszzz", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz"];

    private static readonly ImmutableArray<string> _activity = ["41950-7", "55423-8", "41979-6", "55411-3", "82290-8", "89555-7"];

    /// <summary>
    /// The Observations in a payload, or in the place of one what is wrong with it. Throws 400 where the payload cannot be read, and 422 where
    /// nothing in it is a reading.
    /// </summary>
    /// <param name="payload">What was sent.</param>
    /// <param name="patient">Whose readings they are.</param>
    /// <param name="device">What made them.</param>
    public IReadOnlyList<Decision<Observation>> Read(ReadOnlyMemory<byte> payload, ResourceKey patient, ResourceKey device)
    {
        using var document = map.Format == "xml" ? OfXml(payload) : OfJson(payload);
        var readings = new List<Decision<Observation>>();
        foreach (var kind in map.Readings)
        {
            foreach (var item in Walk(document.RootElement, kind.Each).Where(item => kind.Where.All(pair => TextAt(item, pair.Key) == pair.Value)))
            {
                if (Make(kind, item, patient, device) is { } reading)
                {
                    readings.Add(reading);
                }
            }
        }

        return readings.Count > 0
            ? readings
            : throw Refusal.BusinessRule("nothing-mapped", $"The payload has no reading that the description of {map.Source} knows.").ToException(canonicals);
    }

    private Decision<Observation>? Make(ReadingMap kind, JsonElement item, ResourceKey patient, ResourceKey device)
    {
        var values = kind.Components.OrderByDescending(pair => pair.Key, StringComparer.Ordinal).Select(pair => (Code: pair.Key, Map: pair.Value))
            .Prepend((Code: kind.Measure, Map: kind.Value!)).Where(pair => pair.Map is not null).ToList();
        if (values.Exists(value => TextAt(item, value.Map.Path) is null))
        {
            return null;
        }

        if (TimeAt(item, kind.Start) is not { } start || (kind.End.Length > 0 && TextAt(item, kind.End) is not null && TimeAt(item, kind.End) is null))
        {
            return Refusal.BusinessRule("effective-time", $"A reading of {kind.Measure} does not say when it was measured, with the time and the offset.");
        }

        var end = kind.End.Length > 0 ? TimeAt(item, kind.End) : null;
        var observation = new Observation
        {
            Status = ObservationStatus.Final,
            Category = [new CodeableConcept(Category, _activity.Contains(kind.Measure) ? "activity" : "vital-signs")],
            Code = Loinc(kind.Measure),
            Subject = new ResourceReference(patient.ToString()),
            Device = new ResourceReference(device.ToString()),
            Effective = end is { } until && until != start ? Moment.Period(start, until) : Moment.DateTime(start),
        };
        if (kind.Id.Length > 0 && TextAt(item, kind.Id) is { Length: > 0 } id)
        {
            observation.Identifier.Add(new Identifier(canonicals.Identifiers($"payload/{map.Source}"), $"{id}/{kind.Measure}"));
        }

        foreach (var (code, value) in values)
        {
            if (QuantityAt(item, value) is not { } quantity)
            {
                return Refusal.BusinessRule("unit-mismatch", $"A value of {code} is no number, or in a unit that the description of {map.Source} does not know.");
            }

            if (kind.Value is not null)
            {
                observation.Value = quantity;
            }
            else
            {
                observation.Component.Add(new Observation.ComponentComponent { Code = Loinc(code), Value = quantity });
            }
        }

        return observation;
    }

    private static CodeableConcept Loinc(string code) => new(Measure.LoincSystem, code);

    private static Quantity? QuantityAt(JsonElement item, ValueMap map)
    {
        if (!decimal.TryParse(TextAt(item, map.Path), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var unit = map.Unit.Length > 0 ? map.Unit : TextAt(item, map.UnitPath) is { } told ? map.Units.GetValueOrDefault(told) : null;
        var power = 0;
        if (unit is null || (map.PowerPath.Length > 0 && !(int.TryParse(TextAt(item, map.PowerPath), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out power) && power is >= -12 and <= 12)))
        {
            return null;
        }

        try
        {
            for (; power != 0; power -= Math.Sign(power))
            {
                number = power > 0 ? number * 10 : number / 10;
            }

            return new Quantity(number * map.Factor / 1.000000000000m, unit, BaseUnit.Ucum) { Code = unit };
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static DateTimeOffset? TimeAt(JsonElement item, string path)
    {
        if (TextAt(item, path) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var since))
        {
            // Seconds of the year 5000 are milliseconds of 1971.
            return since < 95_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(since)
                : since < 95_000_000_000_000 ? DateTimeOffset.FromUnixTimeMilliseconds(since)
                : null;
        }

        return (text.EndsWith('Z') || text.Length > 6 && (text[^6] is '+' or '-' || text[^5] is '+' or '-'))
            && DateTimeOffset.TryParseExact(text, _times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : null;
    }

    /// <summary>The first plain value that a path leads to, as text.</summary>
    private static string? TextAt(JsonElement item, string path)
    {
        foreach (var found in path.Split('|').SelectMany(one => Walk(item, one)))
        {
            if (found.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
            {
                return found.ValueKind == JsonValueKind.String ? found.GetString() : found.GetRawText();
            }
        }

        return null;
    }

    private static IEnumerable<JsonElement> Walk(JsonElement from, string path)
    {
        var found = Items(from);
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var open = step.IndexOf('[', StringComparison.Ordinal);
            var name = open < 0 ? step : step[..open];
            found = found.Where(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty(name, out _)).SelectMany(one => Items(one.GetProperty(name)));
            if (open >= 0 && step[(open + 1)..].TrimEnd(']').Split('=', 2) is [var member, var value])
            {
                found = found.Where(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty(member, out var told) && told.ToString() == value);
            }
        }

        return found;
    }

    private static IEnumerable<JsonElement> Items(JsonElement one) => one.ValueKind == JsonValueKind.Array ? one.EnumerateArray() : Enumerable.Repeat(one, 1);

    private static JsonDocument OfJson(ReadOnlyMemory<byte> payload)
    {
        JsonScan.EnsureCharacters(payload.Span, null);
        try
        {
            return JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = FhirJson.MaxDepth });
        }
        catch (JsonException malformed)
        {
            throw JsonScan.Malformed(malformed, null);
        }
    }

    /// <summary>Elements become lists of objects, attributes texts. What a document type declares is not looked at.</summary>
    private static JsonDocument OfXml(ReadOnlyMemory<byte> payload)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(payload.ToArray()), settings);
            reader.MoveToContent();
            var elements = 0;
            return JsonDocument.Parse(ElementOf(reader, ref elements).ToJsonString());
        }
        catch (XmlException malformed)
        {
            throw FhirException.Invalid($"The payload is no XML that can be read (line {malformed.LineNumber}, column {malformed.LinePosition}).");
        }
    }

    private static JsonObject ElementOf(XmlReader reader, ref int elements)
    {
        if (reader.Depth > FhirJson.MaxDepth / 4 || ++elements > MostElements)
        {
            throw FhirException.Invalid("The payload is nested too deep, or has too many elements.");
        }

        var made = new JsonObject();
        while (reader.MoveToNextAttribute())
        {
            made[reader.LocalName] = reader.Value;
        }

        reader.MoveToElement();
        if (reader.IsEmptyElement)
        {
            return made;
        }

        while (reader.Read() && reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                var name = reader.LocalName;
                if (made[name] is not JsonArray list)
                {
                    made[name] = list = [];
                }

                list.Add((JsonNode)ElementOf(reader, ref elements));
            }
        }

        return made;
    }
}
