using System.Net;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Domain.Tests.Validation;

public sealed class ResourceValidatorTests
{
    private const string _patient = """{"actor":{"reference":"Patient/p"},"status":"accepted"}""";
    private const string _vital = """
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]
        """;

    private readonly ResourceValidator _validator = new();

    [Theory]
    [InlineData("app-1", "Appointment.participant[1]", "\"status\":\"proposed\"", ",{\"status\":\"accepted\"}")]
    [InlineData("app-2", "Appointment.start", "\"status\":\"proposed\",\"start\":\"2026-01-01T10:00:00Z\"", "")]
    [InlineData("app-2", "Appointment.start", "\"status\":\"cancelled\",\"end\":\"2026-01-01T10:00:00Z\"", "")]
    [InlineData("app-3", "Appointment.start", "\"status\":\"booked\"", "")]
    [InlineData("app-4", "Appointment.cancelationReason", "\"status\":\"proposed\",\"cancelationReason\":{\"text\":\"x\"}", "")]
    [InlineData("app-5", "Appointment.end", "\"status\":\"booked\",\"start\":\"2026-01-01T10:00:00Z\",\"end\":\"2026-01-01T09:59:59.999Z\"", "")]
    public void An_appointment_that_breaks_a_rule_is_refused(string key, string expression, string members, string participants) =>
        Refuses($$"""{"resourceType":"Appointment",{{members}},"participant":[{{_patient}}{{participants}}]}""", (key, expression));

    [Theory]
    [InlineData("\"status\":\"proposed\"")]
    [InlineData("\"status\":\"waitlist\"")]
    [InlineData("\"status\":\"cancelled\",\"cancelationReason\":{\"text\":\"x\"}")]
    [InlineData("\"status\":\"noshow\",\"cancelationReason\":{\"text\":\"x\"},\"start\":\"2026-01-01T10:00:00Z\",\"end\":\"2026-01-01T10:30:00Z\"")]
    [InlineData("\"status\":\"booked\",\"start\":\"2026-01-01T10:00:00Z\",\"end\":\"2026-01-01T10:00:00Z\"")]
    [InlineData("\"status\":\"booked\",\"start\":\"2026-01-01T10:00:00+02:00\",\"end\":\"2026-01-01T09:00:00Z\"")]
    public void An_appointment_that_keeps_the_rules_passes(string members) =>
        Accepts($$"""{"resourceType":"Appointment",{{members}},"participant":[{{_patient}}]}""");

    [Theory]
    [InlineData("VR", "\"period\":{\"start\":\"2026-01-01\"}", "encounter-virtual-subject", "Encounter.subject")]
    [InlineData("AMB", "\"period\":{\"start\":\"2026-01-02\",\"end\":\"2026-01-01\"}", "per-1", "Encounter.period")]
    [InlineData("AMB", "\"period\":{\"start\":\"2026-01-01T12:00:00Z\",\"end\":\"2026-01-01T12:00:00+01:00\"}", "per-1", "Encounter.period")]
    public void An_encounter_that_breaks_a_rule_is_refused(string @class, string members, string key, string expression) =>
        Refuses(Encounter(@class, members), (key, expression));

    [Theory]
    [InlineData("VR", "\"subject\":{\"reference\":\"Patient/p\"}")]
    [InlineData("AMB", "\"period\":{\"start\":\"2026-01-02T10:00:00Z\",\"end\":\"2026-01-02\"}")]
    [InlineData("AMB", "\"period\":{\"start\":\"2026-01\",\"end\":\"2026-01-01\"}")]
    [InlineData("AMB", "\"period\":{\"end\":\"2026-01-01\"}")]
    public void An_encounter_that_keeps_the_rules_passes(string @class, string members) => Accepts(Encounter(@class, members));

    [Theory]
    [InlineData("obs-3", "Observation.referenceRange[1]", "\"referenceRange\":[{\"text\":\"x\"},{\"age\":{\"low\":{\"value\":1}}}]")]
    [InlineData("obs-3", "Observation.component[0]", "\"component\":[{\"code\":{\"text\":\"x\"},\"referenceRange\":[{\"id\":\"a\"}]}]")]
    [InlineData("obs-6", "Observation.dataAbsentReason", "\"valueString\":\"x\",\"dataAbsentReason\":{\"text\":\"x\"}")]
    [InlineData("obs-7", "Observation.component[0]", "\"valueString\":\"x\",\"component\":[{\"code\":{\"coding\":[{\"code\":\"1\"},{\"system\":\"s\",\"code\":\"c\"}]}}]")]
    [InlineData("vs-1", "Observation.effective", "\"valueString\":\"x\",\"effectiveDateTime\":\"2026-05\"," + _vital)]
    [InlineData("vs-2", "Observation.value", _vital)]
    [InlineData("vs-2", "Observation.value", "\"meta\":{\"profile\":[\"http://hl7.org/fhir/StructureDefinition/vitalsigns|4.0.1\"]},\"subject\":{\"reference\":\"Patient/1\"},\"effectiveDateTime\":\"2026-01-01\"," + _vital)]
    [InlineData("vs-3", "Observation.component[0]", "\"component\":[{\"code\":{\"text\":\"x\"}}]," + _vital)]
    public void An_observation_that_breaks_a_rule_is_refused(string key, string expression, string members) =>
        Refuses(Observation(members), (key, expression));

    [Theory]
    [InlineData("\"effectiveDateTime\":\"2026-05\"")]
    [InlineData("\"component\":[{\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"c\"}]},\"valueString\":\"x\"}]")]
    [InlineData("\"valueString\":\"x\",\"component\":[{\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"other\"}]}}]")]
    [InlineData("\"effectiveDateTime\":\"2026-05-01\",\"dataAbsentReason\":{\"text\":\"x\"}," + _vital)]
    [InlineData("\"effectivePeriod\":{\"start\":\"2026\"},\"hasMember\":[{\"reference\":\"Observation/1\"}]," + _vital)]
    public void An_observation_that_keeps_the_rules_passes(string members) => Accepts(Observation(members));

    [Fact]
    public void Every_broken_rule_is_named_and_the_expression_begins_where_the_resource_is()
    {
        var appointment = Parse("""{"resourceType":"Appointment","status":"booked","end":"2026-01-01T10:00:00Z","participant":[{"status":"accepted"}]}""");
        var refused = Assert.Throws<FhirException>(() => _validator.Validate(appointment, "Bundle.entry[2].resource"));
        Assert.Equal(
            [
                "app-1 Bundle.entry[2].resource.participant[0]",
                "app-2 Bundle.entry[2].resource.start",
                "app-3 Bundle.entry[2].resource.start",
            ],
            refused.Outcome.Issue.Select(issue => $"{issue.Details!.Coding[0].Code} {issue.Expression.Single()}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_contained_resource_keeps_the_rules_too() => Refuses(
        """{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueReference":{"reference":"#o"}}],"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueString":"v","dataAbsentReason":{"text":"x"}}]}""",
        ("obs-6", "Basic.contained[0].dataAbsentReason"));

    [Fact]
    public void A_type_without_rules_passes() => Accepts("""{"resourceType":"Patient"}""");

    private void Refuses(string json, (string Key, string Expression) expected)
    {
        var refused = Assert.Throws<FhirException>(() => _validator.Validate(Parse(json)));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        var issue = Assert.Single(refused.Outcome.Issue);
        Assert.Equal(expected, (issue.Details!.Coding[0].Code!, issue.Expression.Single()!));
        Assert.StartsWith(expected.Key + ": ", issue.Details.Text, StringComparison.Ordinal);
    }

    private void Accepts(string json) => Assert.Null(Record.Exception(() => _validator.Validate(Parse(json))));

    private static Resource Parse(string json) => FhirJson.Parse(Encoding.UTF8.GetBytes(json));

    private static string Encounter(string @class, string members) =>
        $$$"""{"resourceType":"Encounter","status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{{@class}}}"},{{{members}}}}""";

    private static string Observation(string members) =>
        $$$"""{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"s","code":"c"}]},{{{members}}}}""";
}
