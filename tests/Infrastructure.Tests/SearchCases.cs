namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// Searches over <see cref="SearchData"/> and the ids they must find, in any order; each is worked out by hand.
/// A line is a search, an arrow and the ids. <c>{long}</c> stands for <see cref="SearchData.Long"/>.
/// </summary>
internal static class SearchCases
{
    public static IEnumerable<string> All =>
        from part in (string[])[Strings, Missing, Tokens, Meta, References, Periods, Instants, Dates, Quantities, Composites, Chains, ReverseChains, Systems]
        from line in part.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        select line.Replace("{long}", SearchData.Long, StringComparison.Ordinal);

    // Normalised prefixes of single name parts; hostile characters mean themselves.
    private const string Strings = """
        Patient?name=mul -> p1 p2
        Patient?name=MÜL -> p1 p2
        Patient?name=ma -> p1
        Patient?name=anne maria ->
        Patient?family=muller -> p1 p2
        Patient?family=Müller,smith -> p1 p2 p4
        Patient?family=smith&family=smithson -> p4
        Patient?family=smithson -> p4
        Patient?family:exact=Müller -> p1
        Patient?family:exact=MULLER -> p2
        Patient?family:exact=müller ->
        Patient?family:exact=Müll ->
        Patient?family:exact=Müller,MULLER -> p1 p2
        Patient?family:contains=ULLE -> p1 p2
        Patient?family:contains=brien -> p3
        Patient?family=O'B -> p3
        Patient?family='; DROP TABLE resource; -- ->
        Patient?given=zoe -> p3
        Patient?given=Ann -> p1
        Patient?given=maria&given=anne -> p1
        Patient?given=maria&given=bob ->
        Patient?family=100% -> p5
        Patient?family=% ->
        Patient?family=_ ->
        Patient?family:contains=% -> p5
        Patient?family:contains=%_s -> p5
        Patient?given=line\back -> p5
        Patient?given=line\\back -> p5
        Patient?given:exact=Line\\Back -> p5
        Patient?given:contains=\ -> p5
        Patient?family=😀 -> p6
        Patient?family:contains=GRIN -> p6
        Patient?given=𝒳 -> p6
        Patient?given:exact=𝒳 -> p6
        Patient?family=xx -> p7
        Patient?family={long} -> p7
        Patient?family={long}y -> p7
        Patient?family={long}YZ -> p7
        Patient?family={long}z ->
        Patient?family={long}yzz ->
        Patient?family:exact={long}yz -> p7
        Patient?family:exact={long}y ->
        Patient?family:contains=xyz -> p7
        Patient?address=koln -> p1
        Patient?address-city=KÖLN -> p1
        Patient?address=50667 -> p1
        Patient?address=haupt -> p1
        Patient?address=1 ->
        Organization?name=klinikum -> o1
        Organization?name=st. anna -> o1
        Organization?name:exact=St.   Anna -> o1
        Organization?name:exact=St. Anna ->
        Organization?name=clinic % -> o3
        Observation?value-string=grü -> s1
        Observation?value-string=GRUSSE -> s1
        Observation?value-string=grusse aus k -> s1
        Observation?value-string:contains=KOLN -> s1
        """;

    private const string Missing = """
        Patient?birthdate:missing=true -> p5 p9
        Patient?birthdate:missing=false -> p1 p2 p3 p4 p6 p7
        Patient?name:missing=true -> p9
        Patient?gender:missing=true -> p5 p6 p7 p9
        Patient?gender:missing=false -> p1 p2 p3 p4
        Patient?identifier:missing=true -> p6 p7 p9
        Patient?organization:missing=true -> p3 p7 p9
        Patient?organization:missing=false -> p1 p2 p4 p5 p6
        Patient?_id:missing=true ->
        Patient?_id:missing=false -> p1 p2 p3 p4 p5 p6 p7 p9
        Patient?_lastUpdated:missing=true ->
        Patient?_lastUpdated:missing=false -> p1 p2 p3 p4 p5 p6 p7 p9
        Patient?_tag:missing=false -> p1 p2
        Patient?_profile:missing=false -> p1
        Patient?name:missing=false&gender:missing=true -> p5 p6 p7
        Observation?date:missing=true -> s1
        Observation?code:missing=true -> s1
        Observation?subject:missing=true -> m1
        Observation?patient:missing=true -> m1 g1
        Observation?value-quantity:missing=false -> w1 w2 n1 b1
        Observation?component-value-quantity:missing=false -> bp1 bp2 m1
        Observation?value-string:missing=false -> s1
        Encounter?date:missing=true -> e4
        Encounter?date:missing=false -> e1 e2 e3 e5
        Encounter?length:missing=false -> e5
        Encounter?location-period:missing=false -> e5
        Questionnaire?url:missing=false -> q1 q2
        RiskAssessment?probability:missing=true ->
        """;

    private const string Tokens = """
        Patient?gender=male -> p2 p4
        Patient?gender=http://hl7.org/fhir/administrative-gender|male -> p2 p4
        Patient?gender=urn:x|male ->
        Patient?gender=|male ->
        Patient?gender=male,other -> p2 p3 p4
        Patient?gender:not=male -> p1 p3 p5 p6 p7 p9
        Patient?gender:not=male,female -> p3 p5 p6 p7 p9
        Patient?active=true -> p1 p4
        Patient?active=false -> p2
        Patient?active:not=true -> p2 p3 p5 p6 p7 p9
        Patient?identifier=A1 -> p1 p3
        Patient?identifier=urn:mrn|A1 -> p1
        Patient?identifier=|A1 -> p3
        Patient?identifier=urn:mrn| -> p1 p2
        Patient?identifier=urn:only-system| -> p5
        Patient?identifier=urn:mrn|A1,urn:mrn|A2 -> p1 p2
        Patient?identifier=urn:mrn|A1&identifier=111 -> p1
        Patient?identifier=urn:mrn|111 ->
        Patient?identifier=urn:a\|b|a\,b\|c\$d\\e -> p4
        Patient?identifier=a\,b\|c\$d\\e -> p4
        Patient?identifier:not=urn:mrn|A1 -> p2 p3 p4 p5 p6 p7 p9
        Patient?identifier:not=urn:mrn| -> p3 p4 p5 p6 p7 p9
        Patient?telecom=anne@example.org -> p1
        Patient?email=anne@example.org -> p1
        Patient?phone=anne@example.org ->
        Patient?deceased=true -> p3
        Patient?deceased=false -> p1 p2 p4 p5 p6 p7 p9
        Observation?code=85354-9 -> bp1 bp2 g1
        Observation?code=http://loinc.org|85354-9 -> bp1 bp2 g1
        Observation?code=bp -> bp1 x1
        Observation?code=urn:local|bp -> bp1
        Observation?code=|plain -> m1
        Observation?code=|85354-9 ->
        Observation?code=urn:local| -> bp1 n1 c1 i1
        Observation?code=urn:local|,29463-7 -> bp1 n1 c1 i1 w1 w2 b1
        Observation?code=urn:local|bp,urn:other|bp -> bp1 x1
        Observation?code:not=85354-9 -> w1 w2 n1 c1 s1 i1 x1 b1 m1
        Observation?code:not=urn:local|bp,29463-7 -> bp2 n1 c1 s1 g1 i1 x1 m1
        Observation?code=85354-9&code=urn:local|bp -> bp1
        Observation?code=29463-7 -> w1 w2 b1
        Observation?category=vital-signs -> bp1 bp2 w1
        Observation?category=exam&category=vital-signs -> w1
        Observation?category:not=exam -> bp1 bp2 w2 n1 c1 s1 g1 i1 x1 b1 m1
        Observation?category:not=exam&category=vital-signs -> bp1 bp2
        Observation?status=final -> bp1 bp2 w1 n1 c1 i1 x1 b1 m1
        Observation?status:not=final -> w2 s1 g1
        Observation?status=final&code=bp&category=vital-signs -> bp1
        Observation?value-concept=266919005 -> c1
        Observation?value-concept=urn:local|never -> c1
        Observation?combo-code=8480-6 -> bp1 bp2 m1
        Observation?combo-code=85354-9 -> bp1 bp2 g1
        Observation?combo-code:not=8480-6 -> w1 w2 n1 c1 s1 g1 i1 x1 b1
        Observation?component-code=8462-4 -> bp1 bp2
        Observation?component-code:not=8462-4 -> w1 w2 n1 c1 s1 g1 i1 x1 b1 m1
        Observation?data-absent-reason=unknown -> i1
        Encounter?class=urn:act|VR -> e2 e3
        Encounter?status=planned&class=AMB -> e4
        """;

    private const string Meta = """
        Patient?_id=p1 -> p1
        Patient?_id=p1,p4,nobody -> p1 p4
        Patient?_id=p8 ->
        Patient?_id=e1 ->
        Patient?_id:not=p1 -> p2 p3 p4 p5 p6 p7 p9
        Patient?_id=p1&_id=p2 ->
        Patient?_id=p1,p2&gender=male -> p2
        Patient?_tag=vip -> p1 p2
        Patient?_tag=urn:tags|vip -> p1
        Patient?_tag=|plain -> p1
        Patient?_tag:not=urn:tags|vip -> p2 p3 p4 p5 p6 p7 p9
        Patient?_security=urn:conf|R -> p1
        Patient?_profile=http://example.org/StructureDefinition/pat -> p1
        Patient?_profile=http://example.org/StructureDefinition ->
        Patient?_source=http://example.org/source -> p1
        Patient?_lastUpdated=2024-06-01 -> p1 p2 p3 p4 p5 p6 p7 p9
        Patient?_lastUpdated=2024-06-01T00:02 -> p3
        Patient?_lastUpdated=2024-06-01T00:02:00Z -> p3
        Patient?_lastUpdated=2024-06-01T02:02:00+02:00 -> p3
        Patient?_lastUpdated=gt2024-06-01T00:05:00Z -> p7 p9
        Patient?_lastUpdated=ge2024-06-01T00:05:00Z -> p6 p7 p9
        Patient?_lastUpdated=lt2024-06-01T00:02 -> p1 p2
        Patient?_lastUpdated=le2024-06-01T00:02:00Z -> p1 p2 p3
        Patient?_lastUpdated=ne2024-06-01T00:02 -> p1 p2 p4 p5 p6 p7 p9
        Patient?_lastUpdated=sa2024-06-01T00:05:00Z -> p7 p9
        Patient?_lastUpdated=eb2024-06-01T00:02 -> p1 p2
        Patient?_lastUpdated=ge2024-06-01&_lastUpdated=lt2024-06-01T00:01 -> p1
        Patient?_lastUpdated=lt2024-06-01T00:01,sa2024-06-01T00:07 -> p1 p9
        """;

    private const string References = """
        Patient?organization=Organization/o1 -> p1
        Patient?organization=o1 -> p1
        Patient?organization=https://fhir.example.org/r4/Organization/o1 -> p1
        Patient?organization=Organization/odel -> p4
        Patient?organization=Organization/nowhere -> p5
        Patient?organization:identifier=urn:org|ORG9 -> p6
        Patient?organization:identifier=ORG9 -> p6
        Patient?organization:identifier=urn:org|ORG1 ->
        Patient?general-practitioner=dr1 -> p1
        Patient?general-practitioner=o2 -> p2
        Patient?general-practitioner:Practitioner=dr1 -> p1
        Patient?general-practitioner:Organization=dr1 ->
        Patient?general-practitioner=Practitioner/dr1,Organization/o2 -> p1 p2
        Observation?subject=Patient/p1 -> bp1 w1 c1 b1
        Observation?subject=p1 -> bp1 w1 c1 b1
        Observation?patient=p1 -> bp1 w1 c1 b1
        Observation?patient=Patient/p1 -> bp1 w1 c1 b1
        Observation?subject:Patient=p1 -> bp1 w1 c1 b1
        Observation?subject:Group=p1 ->
        Observation?subject=Group/gr1 -> g1
        Observation?subject=gr1 -> g1
        Observation?patient=Group/gr1 ->
        Observation?patient=gr1 ->
        Observation?patient=nobody ->
        Observation?subject=http://other.example/fhir/Patient/p1 -> x1
        Observation?patient=http://other.example/fhir/Patient/p1 -> x1
        Observation?subject=https://fhir.example.org/r4/Patient/p1 -> bp1 w1 c1 b1
        Observation?subject:identifier=urn:mrn|A1 -> i1
        Observation?subject=Patient/p1,Patient/p2 -> bp1 w1 c1 b1 bp2 w2
        Observation?patient=p1&code=29463-7 -> w1 b1
        Observation?patient=p1&category=vital-signs -> bp1 w1
        Observation?subject=Patient/p1&code=http://loinc.org|85354-9 -> bp1
        Observation?subject=Patient/p1&code=85354-9,29463-7 -> bp1 w1 b1
        Observation?encounter=e1 -> bp1 b1
        Observation?performer=dr1 -> w1
        Observation?performer=Organization/o1&performer=Practitioner/dr1 -> w1
        Encounter?subject=Patient/p1 -> e1 e2
        Encounter?subject=Patient/p1/_history/1 -> e1 e2
        Appointment?patient=p1 -> a1 a2
        Appointment?patient=p1,p2 -> a1 a2 a3
        Appointment?actor=Patient/p1&actor=Patient/p2 -> a1
        Appointment?actor=Practitioner/dr1 -> a2
        Appointment?practitioner=dr1 -> a2
        Appointment?location=l1 -> a3
        Group?member=Patient/p1 -> gr1
        Organization?partof=o1 -> o2
        Organization?partof:missing=true -> o1
        QuestionnaireResponse?questionnaire=http://example.org/q/phq9 -> qr1
        Questionnaire?url=http://example.org/q/phq9 -> q1
        Questionnaire?url=http://example.org/q/phq9,http://example.org/q/phq9-ext -> q1 q2
        Questionnaire?url=http://example.org/q ->
        Questionnaire?url=HTTP://EXAMPLE.ORG/q/phq9 ->
        """;

    // e1 is an hour, e2 has no end, e3 no start, e4 no period, e5 ten days.
    private const string Periods = """
        Encounter?date=2024-01-10 -> e1
        Encounter?date=2024-01 -> e1
        Encounter?date=2024-02 -> e5
        Encounter?date=2024 -> e1 e5
        Encounter?date=2024-01-10T08:00:00Z ->
        Encounter?date=ne2024-01 -> e2 e3 e5
        Encounter?date=ne2024 -> e2 e3
        Encounter?date=gt2024-01-10 -> e2 e3 e5
        Encounter?date=gt2024-01-15 -> e2 e5
        Encounter?date=ge2024-02 -> e2 e5
        Encounter?date=ge2023 -> e1 e2 e3 e5
        Encounter?date=lt2024-01-10 -> e3
        Encounter?date=le2024-01-10 -> e1 e3
        Encounter?date=lt2024-02 -> e1 e2 e3
        Encounter?date=sa2024-01-15 -> e2 e5
        Encounter?date=sa2024-02-01 ->
        Encounter?date=eb2024-01-15 -> e1
        Encounter?date=eb2024-01-16 -> e1 e3
        Encounter?date=eb2030 -> e1 e3 e5
        Encounter?date=eb2024-01-10T09:00:00Z ->
        Encounter?date=ap2024-01-10 -> e1 e2 e3
        Encounter?date=ge2024-01-10T08:00:00Z&date=le2024-01-10T09:00:00Z -> e1 e3
        Encounter?date=2024-01-10,2024-02 -> e1 e5
        Encounter?date=ge2024-02,lt2024-01-10 -> e2 e3 e5
        Encounter?location-period=2024-02 -> e5
        Encounter?location-period=gt2030 -> e5
        Encounter?location-period=sa2024-02-02 -> e5
        Encounter?location-period=eb2024-02-03 -> e5
        Encounter?location-period=eb2024-02-01 ->
        """;

    private const string Instants = """
        Observation?date=2024-01-10 -> bp1 n1 x1
        Observation?date=2024-01-10T08:30Z -> bp1 n1 x1
        Observation?date=2024-01-10T08:30:00Z -> bp1 n1 x1
        Observation?date=2024-01-10T09:30:00+01:00 -> bp1 n1 x1
        Observation?date=2024-01-10T08:30:00.123Z -> n1
        Observation?date=2024-01-13 -> c1
        Observation?date=2024-01-12 ->
        Observation?date=2024-01-12T23:30:00-05:00 -> c1
        Observation?date=eq2024-01-11 -> bp2
        Observation?date=2024-01 -> bp1 bp2 w1 n1 c1 x1 b1
        Observation?date=2022 -> i1
        Observation?date=2022-06 ->
        Observation?date=2024-03-01 ->
        Observation?date=2024-03 -> m1
        Observation?date=lt2022-06 -> i1
        Observation?date=gt2022-06 -> bp1 bp2 w1 w2 n1 c1 g1 x1 b1 m1 i1
        Observation?date=sa2022 -> bp1 bp2 w1 w2 n1 c1 g1 x1 b1 m1
        Observation?date=eb2024 -> g1 i1
        Observation?date=gt2024-01-13 -> w1 w2 m1
        Observation?date=sa2024-01-13 -> m1
        Observation?date=ge2024-01-13 -> w1 w2 m1 c1
        Observation?date=le2024-01-09 -> b1 w1 w2 g1 i1
        Observation?date=ne2024-01-10 -> bp2 w1 w2 c1 g1 i1 b1 m1
        Observation?date=ge2024-01-10&date=le2024-01-11 -> bp1 n1 x1 bp2 w1 w2
        Observation?date=ap2024-01-10 -> bp1 bp2 w1 w2 n1 c1 g1 x1 b1
        Observation?date=2024-01-10&code=85354-9 -> bp1
        Appointment?date=2024-02-02T09:00:00Z -> a3
        Appointment?date=ge2024-02-01 -> a1 a3
        """;

    private const string Dates = """
        Patient?birthdate=1980-05-17 -> p1
        Patient?birthdate=1980-05 -> p1 p2
        Patient?birthdate=1980 -> p1 p2 p3
        Patient?birthdate=ne1980-05 -> p3 p4 p6 p7
        Patient?birthdate=gt1980-05-17 -> p2 p3 p6 p7
        Patient?birthdate=ge1980-05-17 -> p1 p2 p3 p6 p7
        Patient?birthdate=lt1980-05-17 -> p2 p3 p4
        Patient?birthdate=le1980-05-17 -> p1 p2 p3 p4
        Patient?birthdate=sa1980-05-17 -> p6 p7
        Patient?birthdate=eb1980-05-17 -> p4
        Patient?birthdate=gt1980 -> p6 p7
        Patient?birthdate=ge1980 -> p1 p2 p3 p6 p7
        Patient?birthdate=lt1980 -> p4
        Patient?birthdate=le1980 -> p1 p2 p3 p4
        Patient?birthdate=sa1980 -> p6 p7
        Patient?birthdate=eb1981 -> p1 p2 p3 p4
        Patient?birthdate=ap1980 -> p1 p2 p3 p4
        Patient?birthdate=ge2001-03-01,lt1976 -> p4 p7
        Patient?birthdate=2001-02-28T12:00:00Z ->
        Patient?birthdate=1980-05-17&birthdate=1980-05-18 ->
        Patient?death-date=2020-03 -> p3
        """;

    private const string Quantities = """
        Observation?value-quantity=72.5 -> w1
        Observation?value-quantity=72.5|http://unitsofmeasure.org|kg -> w1
        Observation?value-quantity=72.5||kg -> w1
        Observation?value-quantity=72 ->
        Observation?value-quantity=73 -> w1
        Observation?value-quantity=7.1e1 -> b1
        Observation?value-quantity=7e1 ->
        Observation?value-quantity=71||kilogram -> b1
        Observation?value-quantity=71|http://unitsofmeasure.org|kilogram ->
        Observation?value-quantity=71|http://unitsofmeasure.org| -> b1
        Observation?value-quantity=150||lb -> w2
        Observation?value-quantity=150|http://unitsofmeasure.org|lb ->
        Observation?value-quantity=5.4 -> n1
        Observation?value-quantity=5.400 -> n1
        Observation?value-quantity=5 -> n1
        Observation?value-quantity=gt71 -> w1 w2
        Observation?value-quantity=ge71 -> w1 w2 b1
        Observation?value-quantity=lt71 -> n1
        Observation?value-quantity=le71 -> n1 b1
        Observation?value-quantity=ne71 -> w1 w2 n1
        Observation?value-quantity=gt71|http://unitsofmeasure.org|kg -> w1
        Observation?value-quantity=ne71||kg -> w1
        Observation?value-quantity=sa72.5 -> w2
        Observation?value-quantity=eb72.5 -> n1 b1
        Observation?value-quantity=ap75 -> w1 b1
        Observation?value-quantity=71,150 -> b1 w2
        Observation?value-quantity=lt0 ->
        Observation?value-quantity=gt-1 -> w1 w2 n1 b1
        Observation?component-value-quantity=120 -> bp1 m1
        Observation?component-value-quantity=gt100|http://unitsofmeasure.org|mm[Hg] -> bp1 bp2 m1
        Observation?combo-value-quantity=150 -> bp2 w2
        Observation?combo-value-quantity=150||lb -> w2
        Encounter?length=90 -> e5
        RiskAssessment?probability=0.85 -> ra1
        RiskAssessment?probability=0.1 -> ra2
        RiskAssessment?probability=gt0.8 -> ra1
        RiskAssessment?probability=lt0.2 -> ra1 ra2
        RiskAssessment?probability=lt0.12 -> ra2
        RiskAssessment?probability=gt0.2&probability=lt0.2 -> ra1
        """;

    private const string Composites = """
        Observation?component-code-value-quantity=8480-6$120 -> bp1
        Observation?component-code-value-quantity=8480-6$gt100 -> bp1 bp2
        Observation?component-code-value-quantity=8480-6$80 ->
        Observation?component-code-value-quantity=http://loinc.org|8462-4$lt90|http://unitsofmeasure.org|mm[Hg] -> bp1
        Observation?component-code-value-quantity=8480-6$gt140,8462-4$lt90 -> bp1 bp2
        Observation?component-code-value-quantity=8480-6$120&component-code-value-quantity=8462-4$80 -> bp1
        Observation?component-code-value-quantity=urn:local|$120 -> m1
        Observation?combo-code-value-quantity=29463-7$72.5 -> w1
        Observation?combo-code-value-quantity=8480-6$150 -> bp2
        Observation?combo-code-value-quantity=85354-9$150 ->
        Observation?code-value-quantity=29463-7$gt71 -> w1 w2
        Observation?code-value-quantity=29463-7$gt71|http://unitsofmeasure.org|kg -> w1
        Observation?code-value-concept=urn:local|smoke$266919005 -> c1
        Observation?code-value-concept=smoke$other ->
        Observation?code-value-string=free$grü ->
        DocumentReference?relationship=replaces$DocumentReference/d2 -> d1
        DocumentReference?relationship=appends$DocumentReference/d2 ->
        DocumentReference?relationship=appends$d3 -> d1
        """;

    private const string Chains = """
        Observation?subject:Patient.family=muller -> bp1 w1 c1 b1 bp2 w2
        Observation?subject.family=muller -> bp1 w1 c1 b1 bp2 w2
        Observation?patient.family=smith -> s1
        Observation?patient.identifier=urn:mrn|A1 -> bp1 w1 c1 b1
        Observation?patient.birthdate=1980-05-17 -> bp1 w1 c1 b1
        Observation?patient.gender:not=female -> bp2 w2 n1 s1
        Observation?patient.birthdate:missing=true ->
        Observation?patient.active:missing=true -> n1
        Observation?patient.organization.name=klinikum -> bp1 w1 c1 b1
        Observation?subject:Patient.organization:Organization.name=praxis -> bp2 w2
        Observation?patient.organization.partof.name=klinikum -> bp2 w2
        Observation?patient.organization=o1 -> bp1 w1 c1 b1
        Observation?patient.organization:missing=true -> n1
        Observation?encounter.class=AMB -> bp1 b1
        Observation?encounter.subject.family=mul -> bp1 b1
        Observation?encounter.date=2024-01-10 -> bp1 b1
        Observation?encounter.date=ge2024-02 ->
        Observation?encounter.date:missing=false -> bp1 b1
        Observation?subject:Group.member=Patient/p1 -> g1
        Observation?subject._id=gr1 -> g1
        Observation?patient._id=p1 -> bp1 w1 c1 b1
        Observation?patient._id:not=p1 -> bp2 w2 n1 s1
        Observation?patient._tag=vip -> bp1 w1 c1 b1 bp2 w2
        Observation?patient._lastUpdated=lt2024-06-01T00:01 -> bp1 w1 c1 b1
        Observation?patient.family=muller&code=29463-7 -> w1 w2 b1
        Observation?patient.family=muller&patient.gender=male -> bp2 w2
        Observation?patient:Group.member=Patient/p1 ->
        Observation?performer.name=house -> w1
        Observation?performer.name=klinikum -> w1
        Appointment?actor.name=house -> a2
        Appointment?patient.family=muller -> a1 a2 a3
        Encounter?service-provider.name=klinikum -> e1
        Patient?general-practitioner.name=house,praxis -> p1 p2
        Patient?organization.name=klinikum -> p1
        Patient?organization.name:missing=true ->
        """;

    private const string ReverseChains = """
        Patient?_has:Observation:patient:code=29463-7 -> p1 p2
        Patient?_has:Observation:subject:code=85354-9 -> p1 p2
        Group?_has:Observation:subject:code=85354-9 -> gr1
        Patient?_has:Observation:patient:code=29463-7&gender=female -> p1
        Patient?_has:Observation:patient:value-quantity=gt100 -> p2
        Patient?_has:Observation:patient:date=2024-01-13 -> p1
        Patient?_has:Observation:patient:date:missing=true -> p4
        Patient?_has:Observation:patient:status:not=final -> p2 p4
        Patient?_has:Observation:patient:_id=bp1 -> p1
        Patient?_has:Observation:patient:component-code-value-quantity=8480-6$gt140 -> p2
        Patient?_has:Appointment:patient:status=booked -> p1 p2
        Patient?_has:Appointment:actor:status=proposed -> p1
        Practitioner?_has:Appointment:actor:status=proposed -> dr1
        Patient?_has:Encounter:patient:date=ge2024-02 -> p1 p3
        Patient?_has:Encounter:patient:date:missing=true -> p2
        Organization?_has:Patient:organization:family=muller -> o1 o2
        Organization?_has:Patient:organization:_has:Observation:patient:code=29463-7 -> o1 o2
        Organization?_has:Patient:organization:_has:Observation:patient:value-quantity=gt100 -> o2
        Organization?_has:Organization:partof:_has:Patient:organization:gender=male -> o1
        Encounter?_has:Observation:encounter:code=29463-7 -> e1
        Observation?patient._has:Encounter:patient:class=VR -> bp1 w1 c1 b1 bp2 w2
        Observation?subject._has:Group:member:type=person -> bp1 w1 c1 b1 bp2 w2
        Observation?subject:Patient._has:Appointment:actor:status=proposed -> bp1 w1 c1 b1
        Patient?_has:Observation:patient:code=29463-7&_has:Encounter:patient:class=AMB -> p1 p2
        Patient?_has:Observation:patient:encounter.class=AMB -> p1
        """;

    private const string Systems = """
        ?_type=Patient,Organization&_lastUpdated=lt2024-06-01T00:02 -> p1 p2
        ?_id=p1 -> p1
        ?_id=p1,o1,bp1 -> p1 o1 bp1
        ?_id=p8 ->
        ?_tag=vip -> p1 p2
        ?_source=http://example.org/source -> p1
        ?_type=Patient,Practitioner -> p1 p2 p3 p4 p5 p6 p7 p9 dr1 dr2
        ?_type=Patient&gender=male -> p2 p4
        ?_type=Patient,Organization&_tag:missing=false -> p1 p2
        ?_type=Patient,Practitioner&_tag:not=urn:tags|vip -> p2 p3 p4 p5 p6 p7 p9 dr1 dr2
        ?_type=Questionnaire,Group -> q1 q2 gr1
        """;
}
