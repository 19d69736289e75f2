using System.Text.Json.Nodes;

namespace TeleFhir.Api.OpenApi;

/// <summary>A small, valid resource of each spelled-out type; a test posts every one of them.</summary>
internal static class ResourceExamples
{
    private static readonly Dictionary<string, string> _examples = new(StringComparer.Ordinal)
    {
        ["Binary"] = """{"resourceType":"Binary","contentType":"text/plain","securityContext":{"reference":"Patient/example"},"data":"SGVsbG8sIHBhdGllbnQu"}""",
        ["Patient"] = """
            {"resourceType":"Patient","identifier":[{"system":"https://clinic.example/mrn","value":"10042"}],"active":true,
             "name":[{"family":"Rivera","given":["Amy"]}],"gender":"female","birthDate":"1984-05-17"}
            """,
        ["Observation"] = """
            {"resourceType":"Observation","status":"final",
             "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
             "code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},
             "subject":{"reference":"Patient/demo-amy"},"effectiveDateTime":"2026-11-02T07:30:00-05:00",
             "valueQuantity":{"value":68,"unit":"beats/minute","system":"http://unitsofmeasure.org","code":"/min"}}
            """,
        ["Encounter"] = """
            {"resourceType":"Encounter","status":"planned",
             "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR","display":"virtual"},
             "subject":{"reference":"Patient/demo-amy"},"participant":[{"individual":{"reference":"Practitioner/demo-lee"}}]}
            """,
        ["Appointment"] = """
            {"resourceType":"Appointment","status":"proposed",
             "serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],
             "start":"2026-11-02T14:00:00Z","end":"2026-11-02T14:30:00Z","minutesDuration":30,
             "participant":[{"actor":{"reference":"Patient/demo-amy"},"required":"required","status":"needs-action"},
                            {"actor":{"reference":"Practitioner/demo-lee"},"required":"required","status":"needs-action"}]}
            """,
        ["Schedule"] = """
            {"resourceType":"Schedule","active":true,"actor":[{"reference":"Practitioner/demo-lee"}],
             "planningHorizon":{"start":"2026-11-02T00:00:00-05:00","end":"2026-11-30T00:00:00-05:00"}}
            """,
        ["Slot"] = """
            {"resourceType":"Slot","schedule":{"reference":"Schedule/demo-lee"},"status":"free",
             "start":"2026-11-02T14:00:00Z","end":"2026-11-02T14:30:00Z"}
            """,
        ["{type}"] = """
            {"resourceType":"Organization","name":"Riverside Telehealth"}
            """,
    };

    public static JsonNode? Transaction => JsonNode.Parse("""
        {"resourceType":"Bundle","type":"transaction","entry":[
          {"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","request":{"method":"POST","url":"Patient"},
           "resource":{"resourceType":"Patient","name":[{"family":"Okafor"}]}},
          {"request":{"method":"POST","url":"Observation"},
           "resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
             "subject":{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"},
             "valueQuantity":{"value":71.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}}]}
        """);

    /// <summary>The example of the type; with an id as it would be read or updated.</summary>
    public static JsonNode? For(string type, string? id = null)
    {
        var example = JsonNode.Parse(_examples[type])!.AsObject();
        if (id is not null)
        {
            example.Insert(1, "id", id);
        }

        return example;
    }
}
