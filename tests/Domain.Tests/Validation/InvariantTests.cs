using System.Net;
using System.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Domain.Tests.Validation;

/// <summary>Invariants, required bindings and reference targets of R4, each by a resource that breaks it.</summary>
public sealed class InvariantTests
{
    private readonly ResourceValidator _validator = new();

    [Theory]
    [InlineData("dom-3", "Basic", """{"resourceType":"Basic","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"a"}]}""")]
    [InlineData("dom-4", "Basic", """{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"#a"},"contained":[{"resourceType":"Patient","id":"a","meta":{"versionId":"1"}}]}""")]
    [InlineData("dom-5", "Basic", """{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"#a"},"contained":[{"resourceType":"Patient","id":"a","meta":{"security":[{"code":"R"}]}}]}""")]
    [InlineData("ext-1", "Patient.extension[0]", """{"resourceType":"Patient","extension":[{"url":"http://x","valueString":"a","extension":[{"url":"y","valueString":"b"}]}]}""")]
    [InlineData("ext-1", "Patient.birthDate.extension[0]", """{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x"}]}}""")]
    [InlineData("ref-1", "Basic.subject", """{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"#nobody"}}""")]
    [InlineData("per-1", "Patient.name[0].period", """{"resourceType":"Patient","name":[{"period":{"start":"2026-02-01","end":"2026-01-31"}}]}""")]
    [InlineData("per-1", "Patient.name[0].period", """{"resourceType":"Patient","name":[{"period":{"start":"2026-02-01T10:00:00.5Z","end":"2026-02-01T10:00:00Z"}}]}""")]
    [InlineData("qty-3", "Observation.valueQuantity", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"code":"kg"}}""", "Observation.value")]
    [InlineData("rng-2", "Observation.value", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueRange":{"low":{"value":2},"high":{"value":1}}}""")]
    [InlineData("rat-1", "Observation.value", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueRatio":{"numerator":{"value":2}}}""")]
    [InlineData("att-1", "Patient.photo[0]", """{"resourceType":"Patient","photo":[{"data":"AAAA"}]}""")]
    [InlineData("cpt-2", "Patient.telecom[0]", """{"resourceType":"Patient","telecom":[{"value":"555"}]}""")]
    [InlineData("pat-1", "Patient.contact[0]", """{"resourceType":"Patient","contact":[{"gender":"male"}]}""")]
    [InlineData("org-1", "Organization", """{"resourceType":"Organization","active":true}""")]
    [InlineData("org-3", "Organization.telecom[0]", """{"resourceType":"Organization","name":"x","telecom":[{"system":"phone","value":"1","use":"home"}]}""")]
    [InlineData("con-4", "Condition", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"abatementString":"x"}""")]
    [InlineData("con-5", "Condition", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}}""")]
    [InlineData("ait-1", "AllergyIntolerance", """{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}""")]
    [InlineData("cpl-3", "CarePlan.activity[0]", """{"resourceType":"CarePlan","status":"draft","intent":"plan","subject":{"reference":"Patient/1"},"activity":[{"reference":{"reference":"Task/1"},"detail":{"status":"scheduled"}}]}""")]
    [InlineData("cmp-2", "Composition.section[0]", """{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2026","author":[{"reference":"Practitioner/1"}],"title":"x","section":[{"title":"a","entry":[{"reference":"Patient/1"}],"emptyReason":{"text":"x"}}]}""")]
    [InlineData("ppc-1", "Consent", """{"resourceType":"Consent","status":"active","scope":{"text":"x"},"category":[{"text":"x"}]}""")]
    [InlineData("drq-1", "PlanDefinition.action[0].input[0].codeFilter[0]", """{"resourceType":"PlanDefinition","status":"draft","action":[{"input":[{"type":"Patient","codeFilter":[{"valueSet":"http://x"}]}]}]}""")]
    [InlineData("tim-1", "MedicationRequest.dosageInstruction[0].timing.repeat", """{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/1"},"dosageInstruction":[{"timing":{"repeat":{"duration":1}}}]}""")]
    [InlineData("que-2", "Questionnaire", """{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1","type":"string"}]}]}""")]
    [InlineData("que-7", "Questionnaire.item[1].enableWhen[0]", """{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string"},{"linkId":"2","type":"string","enableWhen":[{"question":"1","operator":"exists","answerString":"x"}]}]}""")]
    [InlineData("qrs-1", "QuestionnaireResponse.item[0]", """{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{"valueString":"x"}],"item":[{"linkId":"2"}]}]}""")]
    [InlineData("inv-1", "Task", """{"resourceType":"Task","status":"draft","intent":"order","authoredOn":"2026-02-01T00:00:00Z","lastModified":"2026-01-01T00:00:00Z"}""")]
    [InlineData("bdl-7", "Bundle", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","active":true}},{"fullUrl":"http://x/Patient/1","resource":{"resourceType":"Patient","active":true}}]}""")]
    [InlineData("bdl-5", "Bundle.entry[0]", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x/Patient/1"}]}""")]
    [InlineData("pat-1", "Bundle.entry[0].resource.contact[0]", """{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contact":[{"gender":"male"}]}}]}""")]
    [InlineData("csd-1", "CodeSystem", """{"resourceType":"CodeSystem","status":"draft","content":"complete","concept":[{"code":"a","concept":[{"code":"a"}]}]}""")]
    [InlineData("vsd-1", "ValueSet.compose.include[0]", """{"resourceType":"ValueSet","status":"draft","compose":{"include":[{"version":"1"}]}}""")]
    [InlineData("sdf-8", "StructureDefinition.snapshot", """{"resourceType":"StructureDefinition","url":"http://x","name":"X","status":"draft","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","snapshot":{"element":[{"id":"Patient","path":"Patient","definition":"x","min":0,"max":"*","base":{"path":"Patient","min":0,"max":"*"}},{"id":"b","path":"Other.a","definition":"x","min":0,"max":"1","base":{"path":"x","min":0,"max":"1"}}]}}""")]
    public void What_breaks_an_invariant_is_422_at_the_element(string key, string place, string json, string? at = null)
    {
        var resource = FhirJson.Parse(Encoding.UTF8.GetBytes(json));
        var refused = Assert.Throws<FhirException>(() => _validator.Validate(resource));

        Assert.Empty(HandWrittenTests.Differences(resource));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        var issue = Assert.Single(refused.Outcome.Issue);
        Assert.Equal((key, at ?? place), (issue.Details!.Coding[0].Code!, issue.Expression.Single()!));
        Assert.StartsWith(key + ": ", issue.Details.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner/1"}}""")]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"https://else.where/fhir/Practitioner/1/_history/2"}}""")]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"type":"Practitioner","display":"x"}}""")]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","type":"Encounter"}}""")]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Practitioner","id":"p"}]}""")]
    [InlineData("Observation.subject", """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Practitioner?identifier=a|b"}}""")]
    [InlineData("Encounter.participant[1].individual", """{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"participant":[{"individual":{"reference":"Practitioner/1"}},{"individual":{"reference":"Patient/1"}}]}""")]
    [InlineData("Basic.contained[0].managingOrganization", """{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Patient/1"}}]}""")]
    [InlineData("Condition.clinicalStatus", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"nonsense"}]}}""")]
    [InlineData("Condition.clinicalStatus", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://other","code":"active"}]}}""")]
    [InlineData("Condition.clinicalStatus", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"text":"active"}}""")]
    [InlineData("Account.coverage[0].coverage", """{"resourceType":"Account","status":"active","coverage":[{"coverage":{"reference":"Patient/1"}}]}""")]
    [InlineData("Invoice.totalNet.currency", """{"resourceType":"Invoice","status":"issued","totalNet":{"value":1,"currency":"euros"}}""")]
    [InlineData("Binary.contentType", """{"resourceType":"Binary","contentType":"just text","data":"AAAA"}""")]
    [InlineData("Patient.photo[0].contentType", """{"resourceType":"Patient","photo":[{"contentType":"png","url":"http://x"}]}""")]
    [InlineData("OperationDefinition.resource[0]", """{"resourceType":"OperationDefinition","name":"X","status":"draft","kind":"operation","code":"x","system":true,"type":false,"instance":false,"resource":["Nonsense"]}""")]
    public void A_code_or_reference_that_its_element_does_not_take_is_400_at_the_element(string place, string json)
    {
        var refused = Assert.Throws<FhirException>(() => _validator.Validate(FhirJson.Parse(Encoding.UTF8.GetBytes(json))));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal(place, Assert.Single(refused.Outcome.Issue).Expression.Single());
    }

    [Theory]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"identifier":{"value":"x"}}}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"https://else.where/fhir/Patient/1"}}""")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"https://else.where/some/other/place"}}""")]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://own","code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}}""")]
    [InlineData("""{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}""")]
    [InlineData("""{"resourceType":"Binary","contentType":"text/plain; charset=utf-8","data":"AAAA"}""")]
    [InlineData("""{"resourceType":"Patient","name":[{"period":{"start":"2026-05","end":"2026-05-03"}}]}""")]
    [InlineData("""{"resourceType":"Basic","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"a","link":[{"other":{"reference":"#"},"type":"seealso"}]}]}""")]
    public void What_keeps_the_rules_passes(string json) =>
        Assert.Null(Record.Exception(() => _validator.Validate(FhirJson.Parse(Encoding.UTF8.GetBytes(json)))));

    [Fact]
    public void Faults_and_broken_rules_are_told_together()
    {
        var refused = Assert.Throws<FhirException>(() => _validator.Validate(FhirJson.Parse(
            """{"resourceType":"Patient","managingOrganization":{"reference":"Patient/1"},"contact":[{"gender":"male"}]}"""u8.ToArray())));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal(["Patient.managingOrganization", "Patient.contact[0]"], refused.Outcome.Issue.Select(issue => issue.Expression.Single()));
    }
}
