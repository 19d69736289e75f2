using System.Globalization;
using Hl7.Fhir.Model;

namespace TeleFhir.Api.Demo;

/// <summary>Code systems, extensions and shapes that the demo's resources share.</summary>
internal static class DemoTerms
{
    public const string Loinc = "http://loinc.org";
    public const string Snomed = "http://snomed.info/sct";
    public const string Ucum = "http://unitsofmeasure.org";
    public const string Mdc = "urn:iso:std:iso:11073:10101";

    private const string Terminology = "http://terminology.hl7.org/CodeSystem/";
    private const string R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-";
    private const string DataTypeUrl = "http://hl7.org/fhir/StructureDefinition/_datatype";

    public static Coding Virtual => Hl7("v3-ActCode", "VR", "virtual");

    public static CodeableConcept Televisit => Concept(new Coding(Snomed, "448337001", "Telemedicine consultation with patient"), "Telehealth visit");

    public static CodeableConcept PrimaryPerformer => Concept(Hl7("v3-ParticipationType", "PPRF", "primary performer"));

    /// <summary>A code of one of HL7's own code systems.</summary>
    public static Coding Hl7(string system, string code, string display) => new(Terminology + system, code, display);

    public static CodeableConcept Concept(Coding coding, string? text = null) => new() { Coding = [coding], Text = text };

    public static Quantity Quantity(decimal value, string unit, string code) => new() { Value = value, Unit = unit, System = Ucum, Code = code };

    public static string Instant(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    public static Period Period(DateTimeOffset start, DateTimeOffset? end) => new() { Start = Instant(start), End = end is { } at ? Instant(at) : null };

    /// <summary>Where a person or a calendar is at home (https://hl7.org/fhir/R4/extension-timezone.html).</summary>
    public static Extension TimeZone() => new("http://hl7.org/fhir/StructureDefinition/timezone", new Code(DemoCalendar.ZoneName));

    /// <summary>An element of R5 on an R4 resource.</summary>
    public static Extension OfR5(string element, DataType value) => new(R5 + element, value);

    /// <summary>
    /// R5's virtualService. The address is a page that asks for a login, never a link that is itself the key. Telecom sits in the nested
    /// form because the extension's definition demands the data type's name beside it.
    /// </summary>
    public static Extension VirtualService(string type, string canonicalBase, string address) => new()
    {
        Url = $"{R5}{type}.virtualService",
        Extension =
        [
            new Extension(DataTypeUrl, new FhirString("VirtualServiceDetail")),
            new Extension("channelType", new Coding($"{canonicalBase}/CodeSystem/virtual-channel", "telefhir-webrtc")),
            new Extension
            {
                Url = "address",
                Extension =
                [
                    new Extension(DataTypeUrl, new FhirString("ExtendedContactDetail")),
                    new Extension("telecom", new ContactPoint { System = ContactPoint.ContactPointSystem.Url, Value = address }),
                ],
            },
            new Extension("maxParticipants", new PositiveInt(4)),
        ],
    };
}
