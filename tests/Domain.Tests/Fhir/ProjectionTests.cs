using System.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class ProjectionTests
{
    private const string _tag = """{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}""";

    private const string _observation =
        """{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"}]},"text":{"status":"generated","div":"<div/>"},"status":"final","_status":{"id":"s"},"category":[{"text":"c"}],"code":{"text":"x"},"valueQuantity":{"value":1.0},"note":[{"text":"n"}],"component":[{"code":{"text":"y","extension":[{"url":"http://e"}]},"interpretation":[{"text":"i"}],"valueString":"v"}]}""";

    [Fact]
    public void Summary_keeps_summary_elements_at_every_level() => Assert.Equal(
        $$$"""{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"},{{{_tag}}}]},"status":"final","_status":{"id":"s"},"code":{"text":"x"},"valueQuantity":{"value":1.0},"component":[{"code":{"text":"y"},"valueString":"v"}]}""",
        Apply(Projection.Summary));

    [Fact]
    public void Text_keeps_the_narrative_and_what_is_mandatory() => Assert.Equal(
        $$$"""{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"},{{{_tag}}}]},"text":{"status":"generated","div":"<div/>"},"status":"final","_status":{"id":"s"},"code":{"text":"x"}}""",
        Apply(Projection.Text));

    [Fact]
    public void Data_drops_the_narrative_alone() => Assert.Equal(
        _observation.Replace(""","text":{"status":"generated","div":"<div/>"}""", "", StringComparison.Ordinal)
            .Replace("""{"code":"t"}""", $$$"""{"code":"t"},{{{_tag}}}""", StringComparison.Ordinal),
        Apply(Projection.Data));

    [Fact]
    public void Elements_keeps_those_asked_for_and_what_is_mandatory() => Assert.Equal(
        $$$"""{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"},{{{_tag}}}]},"status":"final","_status":{"id":"s"},"code":{"text":"x"},"valueQuantity":{"value":1.0},"note":[{"text":"n"}]}""",
        Apply(Projection.Elements(["value", "note", "nonsense"])));

    [Fact]
    public void An_object_without_summary_elements_is_not_left_empty() => Assert.Equal(
        $$$"""{"resourceType":"Patient","id":"p","name":[{"id":"n"}],"meta":{"tag":[{{{_tag}}}]}}""",
        Encoding.UTF8.GetString(Projection.Summary.Apply("""{"resourceType":"Patient","id":"p","name":[{"id":"n"}],"photo":[{"url":"http://x"}]}"""u8)));

    [Fact]
    public void An_attachment_in_a_summary_loses_its_data() => Assert.Contains(
        "\"attachment\":{\"contentType\":\"text/plain\"}",
        Encoding.UTF8.GetString(Projection.Summary.Apply(
            """{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"eHh4"}}]}"""u8)),
        StringComparison.Ordinal);

    private static string Apply(Projection projection) => Encoding.UTF8.GetString(projection.Apply(Encoding.UTF8.GetBytes(_observation)));
}
