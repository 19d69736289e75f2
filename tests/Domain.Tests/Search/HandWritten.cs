using Hl7.Fhir.Model;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>Small resources, each with what search indexes are easily wrong about.</summary>
internal static class HandWritten
{
    public const string BloodPressure = """
        {
          "resourceType": "Observation", "id": "bp", "status": "final",
          "meta": { "tag": [{ "system": "urn:t", "code": "home" }, { "system": "urn:t", "code": "home" }], "profile": ["http://x.org/P|2"] },
          "code": { "coding": [{ "system": "http://loinc.org", "code": "85354-9" }, { "display": "no code" }], "text": "BP" },
          "subject": { "reference": "Patient/p1/_history/3", "identifier": { "system": "urn:mrn", "value": "7" } },
          "effectivePeriod": { "start": "2024-03-01T10:00:00+02:00", "end": "2024-03-01" },
          "derivedFrom": [{ "reference": "#inside" }, { "reference": "https://other.org/fhir/Media/m1/_history/2" }],
          "component": [
            { "code": { "coding": [{ "system": "http://loinc.org", "code": "8480-6" }] },
              "valueQuantity": { "value": 120.50, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]" } },
            { "code": { "coding": [{ "system": "http://loinc.org", "code": "8462-4" }] },
              "valueQuantity": { "value": 80, "comparator": "<", "unit": "mmHg" } },
            { "code": { "coding": [{ "system": "http://loinc.org", "code": "8462-4" }] },
              "dataAbsentReason": { "coding": [{ "code": "unknown" }] } }
          ]
        }
        """;

    public const string Person = """
        {
          "resourceType": "Patient", "id": "p1", "active": true, "gender": "female", "birthDate": "1970-06",
          "identifier": [{ "system": "urn:mrn", "value": "7" }, { "system": "urn:empty" }],
          "name": [{ "family": "Müller", "given": ["Anna", "Anna"], "prefix": ["Dr."], "suffix": ["MD"], "text": "Anna Müller" }],
          "telecom": [{ "system": "phone", "value": "555" }, { "system": "email", "value": "a@b.c" }, { "value": "999" }],
          "address": [{ "line": ["1 Way", "Flat 2"], "city": "Ulm", "state": "BW", "postalCode": "89073", "country": "DE", "use": "home" }],
          "deceasedDateTime": "2020", "generalPractitioner": [{ "reference": "urn:uuid:6a1f7a3e-0000-4000-8000-000000000001" }]
        }
        """;

    public const string TextOnly = """
        { "resourceType": "Observation", "id": "text", "status": "final", "code": { "text": "mood" },
          "subject": { "type": "Patient", "identifier": { "value": "7" } },
          "effectiveTiming": { "event": ["2024-01-05", "2024-01-02"], "repeat": { "boundsPeriod": { "start": "2023" } } },
          "valueCodeableConcept": { "text": "fine" } }
        """;

    public const string Visit = """
        { "resourceType": "Appointment", "id": "a", "status": "booked", "start": "2024-05-01T09:00:00.123456789Z",
          "participant": [
            { "actor": { "reference": "Patient/p1" }, "status": "accepted" },
            { "actor": { "reference": "https://other.org/fhir/Practitioner/d1" }, "status": "accepted" },
            { "actor": { "reference": "urn:oid:1.2.3", "type": "Location" }, "status": "accepted" }] }
        """;

    public const string Bill = """
        { "resourceType": "Invoice", "id": "i", "status": "issued", "totalGross": { "value": 12.30, "currency": "EUR" },
          "subject": { "reference": "Group/g" }, "date": "2024" }
        """;

    public const string Library = """
        { "resourceType": "Library", "id": "l", "status": "draft", "url": "http://x.org/Library/l", "type": { "text": "t" },
          "useContext": [
            { "code": { "system": "s", "code": "age" }, "valueRange": { "low": { "value": 1, "code": "a" }, "high": { "value": 5, "code": "a" } } },
            { "code": { "system": "s", "code": "focus" }, "valueCodeableConcept": { "coding": [{ "code": "x" }, { "code": "y" }] } }],
          "relatedArtifact": [{ "type": "depends-on", "resource": "http://x.org/Library/m|1.0" }, { "type": "successor", "resource": "#in" }] }
        """;

    public const string Sequence = """
        { "resourceType": "MolecularSequence", "id": "m", "coordinateSystem": 0,
          "referenceSeq": { "chromosome": { "coding": [{ "code": "7" }] }, "windowStart": 1, "windowEnd": 9 },
          "variant": [{ "start": 1, "end": 2 }, { "start": 5 }] }
        """;

    public const string Document = """
        { "resourceType": "DocumentReference", "id": "d", "status": "current", "content": [{ "attachment": { "title": "t" } }],
          "relatesTo": [{ "code": "replaces", "target": { "reference": "DocumentReference/c" } },
                        { "code": "appends", "target": { "reference": "DocumentReference/b" } }] }
        """;

    public const string Collection = """
        { "resourceType": "Bundle", "id": "b", "type": "document", "timestamp": "2024-05-01T09:00:00Z",
          "entry": [{ "resource": { "resourceType": "Composition", "id": "c" } }, { "resource": { "resourceType": "Patient", "id": "p" } }] }
        """;

    public static IEnumerable<(string Name, Resource Resource)> All =>
        new[] { BloodPressure, Person, TextOnly, Visit, Bill, Library, Sequence, Document, Collection }
            .Select(Read)
            .Select(resource => ($"{resource.TypeName}/{resource.Id}", resource));

    public static Resource Read(string json) => ExampleResources.Parse(json);
}
