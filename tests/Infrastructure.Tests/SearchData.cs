namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// The resources that <see cref="SearchTests"/> search, small enough to work out each answer by hand from the R4 specification.
/// Ids are unique across types. They are written in this order, one minute apart, from <see cref="FirstWritten"/>.
/// </summary>
internal static class SearchData
{
    public static readonly DateTimeOffset FirstWritten = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Longer than what the index holds of a string.</summary>
    public static readonly string Long = new('x', 130);

    public static readonly string[] Deleted = ["Patient/p8", "Organization/odel", "Observation/wdel"];

    public static readonly string[] Resources =
    [
        """
        {"resourceType":"Patient","id":"p1","active":true,"gender":"female","birthDate":"1980-05-17",
         "meta":{"tag":[{"system":"urn:tags","code":"vip"},{"code":"plain"}],"profile":["http://example.org/StructureDefinition/pat"],
           "security":[{"system":"urn:conf","code":"R"}],"source":"http://example.org/source"},
         "identifier":[{"system":"urn:mrn","value":"A1"},{"system":"urn:ssn","value":"111"}],
         "name":[{"family":"Müller","given":["Änne","Maria"]}],
         "telecom":[{"system":"phone","value":"+49 30 1234"},{"system":"email","value":"anne@example.org"}],
         "address":[{"line":["Hauptstr. 1"],"city":"Köln","postalCode":"50667","country":"DE"}],
         "generalPractitioner":[{"reference":"Practitioner/dr1"}],"managingOrganization":{"reference":"Organization/o1"}}
        """,
        """
        {"resourceType":"Patient","id":"p2","active":false,"gender":"male","birthDate":"1980-05","deceasedBoolean":false,
         "meta":{"tag":[{"system":"urn:other","code":"vip"}]},
         "identifier":[{"system":"urn:mrn","value":"A2"}],"name":[{"family":"MULLER","given":["Bob"]}],
         "generalPractitioner":[{"reference":"Organization/o2"}],"managingOrganization":{"reference":"Organization/o2"}}
        """,
        """
        {"resourceType":"Patient","id":"p3","gender":"other","birthDate":"1980","deceasedDateTime":"2020-03-01",
         "identifier":[{"value":"A1"}],"name":[{"family":"O'Brien","given":["Zoë"]}]}
        """,
        """
        {"resourceType":"Patient","id":"p4","active":true,"gender":"male","birthDate":"1975-12-31",
         "identifier":[{"system":"urn:a|b","value":"a,b|c$d\\e"}],
         "name":[{"family":"Smith","given":["John"]},{"use":"maiden","family":"Smithson"}],
         "managingOrganization":{"reference":"Organization/odel"}}
        """,
        """
        {"resourceType":"Patient","id":"p5","identifier":[{"system":"urn:only-system"}],
         "name":[{"family":"100%_sure","given":["Line\\Back"]}],"managingOrganization":{"reference":"Organization/nowhere"}}
        """,
        """
        {"resourceType":"Patient","id":"p6","birthDate":"2001-02-28","name":[{"family":"😀 Grin","given":["𝒳"]}],
         "managingOrganization":{"identifier":{"system":"urn:org","value":"ORG9"}}}
        """,
        $$"""{"resourceType":"Patient","id":"p7","birthDate":"2001-03-01","name":[{"family":"{{Long}}yz"}]}""",
        """
        {"resourceType":"Patient","id":"p8","active":true,"gender":"female","birthDate":"1980-05-17",
         "identifier":[{"system":"urn:mrn","value":"A1"}],"name":[{"family":"Müller","given":["Änne"]}],
         "managingOrganization":{"reference":"Organization/o1"}}
        """,
        """{"resourceType":"Patient","id":"p9"}""",
        """
        {"resourceType":"Organization","id":"o1","active":true,"name":"Klinikum Köln","alias":["St.   Anna"],
         "identifier":[{"system":"urn:org","value":"ORG1"}],"address":[{"city":"Köln"}]}
        """,
        """{"resourceType":"Organization","id":"o2","name":"Praxis Nord","partOf":{"reference":"Organization/o1"}}""",
        """{"resourceType":"Organization","id":"o3","name":"Clinic % North","partOf":{"reference":"Organization/o2"}}""",
        """{"resourceType":"Organization","id":"odel","name":"Klinikum Alt"}""",
        """{"resourceType":"Practitioner","id":"dr1","name":[{"family":"House","given":["Gregory"]}]}""",
        """{"resourceType":"Practitioner","id":"dr2","name":[{"family":"Möller"}]}""",
        """
        {"resourceType":"Encounter","id":"e1","status":"finished","class":{"system":"urn:act","code":"AMB"},
         "subject":{"reference":"Patient/p1"},"serviceProvider":{"reference":"Organization/o1"},
         "period":{"start":"2024-01-10T08:00:00Z","end":"2024-01-10T09:00:00Z"}}
        """,
        """
        {"resourceType":"Encounter","id":"e2","status":"in-progress","class":{"system":"urn:act","code":"VR"},
         "subject":{"reference":"Patient/p1/_history/1"},"period":{"start":"2024-01-20T00:00:00Z"}}
        """,
        """
        {"resourceType":"Encounter","id":"e3","status":"planned","class":{"system":"urn:act","code":"VR"},
         "subject":{"reference":"Patient/p2"},"period":{"end":"2024-01-15"}}
        """,
        """
        {"resourceType":"Encounter","id":"e4","status":"planned","class":{"system":"urn:act","code":"AMB"},
         "subject":{"reference":"Patient/p2"}}
        """,
        """
        {"resourceType":"Encounter","id":"e5","status":"finished","class":{"system":"urn:act","code":"AMB"},
         "subject":{"reference":"Patient/p3"},"period":{"start":"2024-02-01","end":"2024-02-10"},
         "length":{"value":90,"unit":"minutes","system":"http://unitsofmeasure.org","code":"min"},
         "location":[{"location":{"reference":"Location/l1"},"period":{"start":"2024-02-01","end":"2024-02-02"}},
           {"location":{"reference":"Location/l2"},"period":{"start":"2024-02-03"}}]}
        """,
        """
        {"resourceType":"Observation","id":"bp1","status":"final","category":[{"coding":[{"system":"urn:cat","code":"vital-signs"}]}],
         "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"},{"system":"urn:local","code":"bp"}]},
         "subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2024-01-10T08:30:00Z",
         "component":[
          {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
           "valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
           "valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """,
        """
        {"resourceType":"Observation","id":"bp2","status":"final","category":[{"coding":[{"system":"urn:cat","code":"vital-signs"}]}],
         "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
         "subject":{"reference":"Patient/p2"},"effectiveDateTime":"2024-01-11",
         "component":[
          {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
           "valueQuantity":{"value":150,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
           "valueQuantity":{"value":95,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """,
        """
        {"resourceType":"Observation","id":"w1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
         "category":[{"coding":[{"system":"urn:cat","code":"vital-signs"}]},{"coding":[{"system":"urn:cat","code":"exam"}]}],
         "subject":{"reference":"Patient/p1"},"performer":[{"reference":"Practitioner/dr1"},{"reference":"Organization/o1"}],
         "effectiveDateTime":"2024-01",
         "valueQuantity":{"value":72.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}
        """,
        """
        {"resourceType":"Observation","id":"w2","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
         "subject":{"reference":"Patient/p2"},"effectivePeriod":{"start":"2024-01-05"},"valueQuantity":{"value":150,"unit":"lb"}}
        """,
        """
        {"resourceType":"Observation","id":"n1","status":"final","code":{"coding":[{"system":"urn:local","code":"score"}]},
         "subject":{"reference":"Patient/p3"},"effectiveInstant":"2024-01-10T08:30:00.123Z","valueQuantity":{"value":5.40}}
        """,
        """
        {"resourceType":"Observation","id":"c1","status":"final","code":{"coding":[{"system":"urn:local","code":"smoke"}]},
         "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2024-01-12T23:30:00-05:00",
         "valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"266919005"},{"system":"urn:local","code":"never"}]}}
        """,
        """
        {"resourceType":"Observation","id":"s1","status":"registered","code":{"text":"free"},"subject":{"reference":"Patient/p4"},
         "valueString":"Grüße aus Köln"}
        """,
        """
        {"resourceType":"Observation","id":"g1","status":"preliminary","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
         "subject":{"reference":"Group/gr1"},"effectiveDateTime":"2023-12-31"}
        """,
        """
        {"resourceType":"Observation","id":"i1","status":"final","code":{"coding":[{"system":"urn:local","code":"score"}]},
         "subject":{"identifier":{"system":"urn:mrn","value":"A1"}},"effectiveDateTime":"2022",
         "dataAbsentReason":{"coding":[{"system":"urn:dar","code":"unknown"}]}}
        """,
        """
        {"resourceType":"Observation","id":"x1","status":"final","code":{"coding":[{"system":"urn:other","code":"bp"}]},
         "subject":{"reference":"http://other.example/fhir/Patient/p1"},"effectiveDateTime":"2024-01-10T08:30:00Z"}
        """,
        """
        {"resourceType":"Observation","id":"b1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
         "subject":{"reference":"https://fhir.example.org/r4/Patient/p1"},"effectiveDateTime":"2024-01-09",
         "encounter":{"reference":"https://fhir.example.org/r4/Encounter/e1"},
         "valueQuantity":{"value":71,"unit":"kilogram","system":"http://unitsofmeasure.org","code":"kg"}}
        """,
        """
        {"resourceType":"Observation","id":"m1","status":"final","code":{"coding":[{"code":"plain"}]},
         "effectiveTiming":{"event":["2024-03-01","2024-03-05"]},
         "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}},
          {"code":{"coding":[{"system":"urn:local","code":"other"}]},
           "valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """,
        """
        {"resourceType":"Observation","id":"wdel","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
         "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2024-01-09"}
        """,
        """
        {"resourceType":"Appointment","id":"a1","status":"booked","start":"2024-02-01T10:00:00Z","end":"2024-02-01T10:30:00Z",
         "participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"},{"actor":{"reference":"Patient/p2"},"status":"tentative"}]}
        """,
        """
        {"resourceType":"Appointment","id":"a2","status":"proposed",
         "participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"},
          {"actor":{"reference":"Practitioner/dr1"},"status":"accepted"}]}
        """,
        """
        {"resourceType":"Appointment","id":"a3","status":"booked","start":"2024-02-02T10:00:00+01:00","end":"2024-02-02T10:30:00+01:00",
         "participant":[{"actor":{"reference":"Patient/p2"},"status":"accepted"},
          {"actor":{"reference":"Location/l1"},"status":"accepted"}]}
        """,
        """
        {"resourceType":"Group","id":"gr1","type":"person","actual":true,"quantity":2,
         "member":[{"entity":{"reference":"Patient/p1"}},{"entity":{"reference":"Patient/p2"}}]}
        """,
        """{"resourceType":"Questionnaire","id":"q1","url":"http://example.org/q/phq9","version":"1","status":"active","title":"PHQ"}""",
        """{"resourceType":"Questionnaire","id":"q2","url":"http://example.org/q/phq9-ext","status":"draft"}""",
        """
        {"resourceType":"QuestionnaireResponse","id":"qr1","questionnaire":"http://example.org/q/phq9|1","status":"completed",
         "subject":{"reference":"Patient/p1"},"authored":"2024-01-10"}
        """,
        """
        {"resourceType":"RiskAssessment","id":"ra1","status":"final","subject":{"reference":"Patient/p1"},
         "prediction":[{"probabilityDecimal":0.85},{"probabilityDecimal":0.15}]}
        """,
        """
        {"resourceType":"RiskAssessment","id":"ra2","status":"final","subject":{"reference":"Patient/p2"},
         "prediction":[{"probabilityDecimal":0.1}]}
        """,
        """
        {"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/p1"},
         "content":[{"attachment":{"url":"http://example.org/a"}}],
         "relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/d2"}},
          {"code":"appends","target":{"reference":"DocumentReference/d3"}}]}
        """,
    ];
}
