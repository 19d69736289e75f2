using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Domain.Tests.Validation;

public sealed class ProfileTests
{
    private const string Base = "http://hl7.org/fhir/StructureDefinition/";
    private const string UsCore = "http://hl7.org/fhir/us/core/StructureDefinition/";
    private const string Category = """
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]
        """;

    private readonly ResourceValidator _validator = new();

    /// <summary>Profile, LOINC code and a unit of it.</summary>
    public static TheoryData<string, string, string> Vitals => new()
    {
        { Base + "resprate", "9279-1", "/min" },
        { Base + "heartrate", "8867-4", "/min" },
        { Base + "oxygensat", "2708-6", "%" },
        { Base + "bodytemp", "8310-5", "Cel" },
        { Base + "bodyheight", "8302-2", "cm" },
        { Base + "headcircum", "9843-4", "cm" },
        { Base + "bodyweight", "29463-7", "kg" },
        { Base + "bmi", "39156-5", "kg/m2" },
        { UsCore + "us-core-respiratory-rate", "9279-1", "/min" },
        { UsCore + "us-core-heart-rate", "8867-4", "/min" },
        { UsCore + "us-core-body-temperature", "8310-5", "[degF]" },
        { UsCore + "us-core-body-height", "8302-2", "[in_i]" },
        { UsCore + "us-core-body-weight", "29463-7", "[lb_av]" },
        { UsCore + "us-core-bmi", "39156-5", "kg/m2" },
        { UsCore + "us-core-head-circumference", "9843-4", "cm" },
    };

    [Theory]
    [MemberData(nameof(Vitals))]
    public void A_vital_sign_keeps_the_profile_that_it_claims(string profile, string code, string unit)
    {
        var right = Vital(profile, code, unit);
        Assert.Empty(Keys(right));

        var name = profile[(profile.LastIndexOf('/') + 1)..];
        Assert.Equal([$"{name}-code"], Keys(right.Replace($"\"code\":\"{code}\"", "\"code\":\"other\"", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-value"], Keys(right.Replace($"\"code\":\"{unit}\"", "\"code\":\"mol\"", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-value"], Keys(right.Replace("\"unit\":\"x\",", "", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-category"], Keys(right.Replace("vital-signs", "exam", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-subject"], Keys(right.Replace("Patient/1", "Group/1", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-effective"], Keys(right.Replace("\"effectiveDateTime\":\"2026-01-01\",", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Base + "bp")]
    [InlineData(UsCore + "us-core-blood-pressure")]
    public void A_blood_pressure_has_both_of_its_components(string profile)
    {
        var name = profile[(profile.LastIndexOf('/') + 1)..];
        var right = Pressure(profile);
        Assert.Empty(Keys(right));
        Assert.Equal([$"{name}-component"], Keys(right.Replace("8462-4", "8480-9", StringComparison.Ordinal)));
        Assert.Equal([$"{name}-code"], Keys(right.Replace("85354-9", "other", StringComparison.Ordinal)));
        Assert.Contains($"{name}-component", Keys(right.Replace("\"code\":\"mm[Hg]\"}},{", "\"code\":\"kPa\"}},{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Pulse_oximetry_has_both_of_its_codes()
    {
        var right = Vital(UsCore + "us-core-pulse-oximetry", "59408-5\"},{\"system\":\"http://loinc.org\",\"code\":\"2708-6", "%");
        Assert.Empty(Keys(right));
        Assert.Equal(["us-core-pulse-oximetry-code"], Keys(right.Replace("59408-5", "x", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("us-core-patient", "identifier name gender", """{"resourceType":"Patient","meta":{"profile":["#"]}}""")]
    [InlineData("us-core-patient", "", """{"resourceType":"Patient","meta":{"profile":["#|6.1.0"]},"identifier":[{"system":"http://x","value":"1"}],"name":[{"family":"x"}],"gender":"male"}""")]
    [InlineData("us-core-patient", "identifier", """{"resourceType":"Patient","meta":{"profile":["#"]},"identifier":[{"value":"1"}],"name":[{"given":["x"]}],"gender":"male"}""")]
    [InlineData("us-core-patient", "name telecom", """{"resourceType":"Patient","meta":{"profile":["#"]},"identifier":[{"system":"http://x","value":"1"}],"name":[{"text":"x"}],"gender":"male","telecom":[{"system":"phone"}]}""")]
    [InlineData("us-core-encounter", "type subject", """{"resourceType":"Encounter","meta":{"profile":["#"]},"status":"planned","class":{"code":"AMB"}}""")]
    [InlineData("us-core-encounter", "", """{"resourceType":"Encounter","meta":{"profile":["#"]},"status":"planned","class":{"code":"AMB"},"type":[{"text":"x"}],"subject":{"reference":"Patient/1"}}""")]
    [InlineData("us-core-encounter", "subject", """{"resourceType":"Encounter","meta":{"profile":["#"]},"status":"planned","class":{"code":"AMB"},"type":[{"text":"x"}],"subject":{"reference":"Group/1"}}""")]
    [InlineData("us-core-appointment", "participant", """{"resourceType":"Appointment","meta":{"profile":["#"]},"status":"proposed","participant":[{"status":"accepted","actor":{"reference":"Practitioner/1"}}]}""")]
    [InlineData("us-core-appointment", "", """{"resourceType":"Appointment","meta":{"profile":["#"]},"status":"proposed","participant":[{"status":"accepted","actor":{"reference":"Patient/1"}}]}""")]
    [InlineData("us-core-observation-lab", "category subject value", """{"resourceType":"Observation","meta":{"profile":["#"]},"status":"final","code":{"text":"x"}}""")]
    [InlineData("us-core-observation-clinical-result", "category subject effective", """{"resourceType":"Observation","meta":{"profile":["#"]},"status":"final","code":{"text":"x"},"valueString":"x","effectiveDateTime":"2026"}""")]
    [InlineData("us-core-simple-observation", "category subject", """{"resourceType":"Observation","meta":{"profile":["#"]},"status":"final","code":{"text":"x"}}""")]
    [InlineData("us-core-observation-screening-assessment", "category", """{"resourceType":"Observation","meta":{"profile":["#"]},"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"},"valueString":"x","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"exam"}]}]}""")]
    [InlineData("us-core-smokingstatus", "category subject effective value", """{"resourceType":"Observation","meta":{"profile":["#"]},"status":"final","code":{"text":"x"}}""")]
    [InlineData("us-core-patient", "type", """{"resourceType":"Basic","meta":{"profile":["#"]},"code":{"text":"x"}}""")]
    public void US_Core_is_kept_where_it_is_claimed(string profile, string broken, string json) => Assert.Equal(
        broken.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(element => $"{profile}-{element}"),
        Keys(json.Replace("#", UsCore + profile, StringComparison.Ordinal)));

    [Fact]
    public void A_profile_that_is_not_claimed_or_not_known_refuses_nothing()
    {
        Assert.Empty(Keys("""{"resourceType":"Patient"}"""));
        Assert.Empty(Keys("""{"resourceType":"Patient","meta":{"profile":["http://example.org/own"]}}"""));
    }

    [Fact]
    public void A_review_holds_the_profile_that_is_asked_for_and_tells_guidelines_and_what_is_not_known()
    {
        var patient = Parse("""{"resourceType":"Patient","meta":{"profile":["http://example.org/own"]},"maritalStatus":{"coding":[{"system":"http://x","code":"y"}]}}""");
        var review = _validator.Review(patient, [UsCore + "us-core-patient", "http://example.org/unknown"]);

        Assert.Equal(
            [
                "Error http://example.org/unknown",
                "Error us-core-patient-gender", "Error us-core-patient-identifier", "Error us-core-patient-name",
                "Warning dom-6", "Warning http://example.org/own",
            ],
            review.Issues.Select(issue => $"{issue.Severity} {issue.Details!.Coding.FirstOrDefault()?.Code ?? issue.Details.Text!.Split(' ')[2]}")
                .Order(StringComparer.Ordinal));
        Assert.Equal("Patient.maritalStatus", Assert.Single(review.Bound).Place);
    }

    private IEnumerable<string> Keys(string json)
    {
        var fault = Record.Exception(() => _validator.Validate(Parse(json)));
        return fault is null ? [] : Assert.IsType<FhirException>(fault).Outcome.Issue.Select(issue => issue.Details!.Coding[0].Code!);
    }

    private static Resource Parse(string json) => FhirJson.Parse(Encoding.UTF8.GetBytes(json));

    private static string Vital(string profile, string code, string unit) =>
        $$$"""{"resourceType":"Observation","meta":{"profile":["{{{profile}}}"]},"status":"final",{{{Category}}},"code":{"coding":[{"system":"http://loinc.org","code":"{{{code}}}"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2026-01-01","valueQuantity":{"value":1,"unit":"x","system":"http://unitsofmeasure.org","code":"{{{unit}}}"}}""";

    private static string Pressure(string profile) =>
        $$$"""{"resourceType":"Observation","meta":{"profile":["{{{profile}}}"]},"status":"final",{{{Category}}},"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2026-01-01","component":[{{{Part("8480-6")}}},{{{Part("8462-4")}}}]}""";

    private static string Part(string code) =>
        $$$"""{"code":{"coding":[{"system":"http://loinc.org","code":"{{{code}}}"}]},"valueQuantity":{"value":1,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}""";
}
