using System.Net;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Bundles;

public sealed class BundleReaderTests
{
    [Fact]
    public void Entries_are_read_and_their_resources_stay_as_sent()
    {
        var bundle = Read("""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:1","resource": { "resourceType":"Patient", "x": 1.0 },
               "request":{"method":"POST","url":"Patient","ifNoneExist":"?identifier=s|1"}},
              {"request":{"method":"GET","url":"Patient/1/_history/2","ifNoneMatch":"W/\"3\""}},
              {"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"https://here/fhir/Patient/p","ifMatch":"W/\"3\", W/\"4\", \"x\""}},
              {"request":{"method":"DELETE","url":"/Patient?identifier=s|1"}}]}
            """);
        Assert.True(bundle.IsTransaction);
        var entries = bundle.Entries();
        Assert.Equal([Interaction.Create, Interaction.VersionRead, Interaction.Update, Interaction.Delete], entries.Select(entry => entry.Interaction));
        Assert.Equal("""{ "resourceType":"Patient", "x": 1.0 }""", Encoding.UTF8.GetString(entries[0].Resource.Span));
        Assert.Equal(("urn:uuid:1", "identifier=s|1"), (entries[0].FullUrl, entries[0].IfNoneExist));
        Assert.Equal((2, 3), (entries[1].Url.Version, Assert.Single(entries[1].IfNoneMatch)));
        Assert.Equal(("Patient", "p"), (entries[2].Url.Type, entries[2].Url.Id));
        Assert.Equal([3, 4, EntityTags.Foreign], entries[2].IfMatch);
        Assert.Equal(("Patient", null, "identifier=s|1"), (entries[3].Url.Type, entries[3].Url.Id, entries[3].Url.Query));
        Assert.True(entries[3].Resource.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"resourceType":"Bundle"}""")]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection"}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":{}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[null]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[1]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"FOO","url":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{"resource":{},"resource":{},"request":{"method":"GET","url":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","\u0065ntry":[{"request":{"method":"GET","url":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","\ud800":1}""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch"}x""")]
    [InlineData("""{"resourceType":"Bundle","type":"batch","entry":[{"resource":{""")]
    public void What_is_no_transaction_or_batch_is_a_400(string json) =>
        Assert.Equal(HttpStatusCode.BadRequest, Assert.Throws<FhirException>(() => Read(json)).Status);

    [Fact]
    public void A_deeply_nested_body_is_a_400()
    {
        var json = """{"resourceType":"Bundle","type":"batch","entry":[{"resource":""" + new string('[', 100_000);
        Assert.Contains("64 levels", Assert.Throws<FhirException>(() => Read(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "Bundle.entry[0].request", """{"resource":{"resourceType":"Patient"}}""")]
    [InlineData(400, "Bundle.entry[0].request", """{"fullUrl":"urn:uuid:1"}""")]
    [InlineData(400, "Bundle.entry[0].resource", """{"request":{"method":"POST","url":"Patient"}}""")]
    [InlineData(400, "Bundle.entry[0].resource", """{"request":{"method":"PUT","url":"Patient/1"}}""")]
    [InlineData(404, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"Foo/1"}}""")]
    [InlineData(404, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"patient"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"Patient/a_b"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"https://elsewhere/fhir/Patient/1"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"https://here/fhirx/Patient/1"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"Patient/1/_history/0"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"GET","url":"Patient//1"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"request":{"method":"DELETE","url":"Patient"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/1"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/$match"}}""")]
    [InlineData(400, "Bundle.entry[0].request.url", """{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient"}}""")]
    [InlineData(400, "Bundle.entry[0].request.ifMatch", """{"request":{"method":"DELETE","url":"Patient/1","ifMatch":"3"}}""")]
    [InlineData(400, "Bundle.entry[0].resource", """{"resource":{"resourceType":"Patient"},"request":{"method":"PATCH","url":"Patient/1"}}""")]
    [InlineData(400, "Bundle.entry[0].resource.contentType", """{"resource":{"resourceType":"Binary","contentType":"text/plain","data":"AA=="},"request":{"method":"PATCH","url":"Patient/1"}}""")]
    [InlineData(400, "Bundle.entry[0].resource", """{"request":{"method":"PATCH","url":"Patient/1"}}""")]
    public void A_faulty_request_is_the_error_of_its_entry(int status, string expression, string entry)
    {
        var bundle = Read($$$"""{"resourceType":"Bundle","type":"batch","entry":[{{{entry}}},{"request":{"method":"GET","url":"Patient"}}]}""");
        Assert.False(bundle.IsTransaction);
        var refused = Assert.Throws<FhirException>(() => bundle.Entry(0));
        Assert.Equal((HttpStatusCode)status, refused.Status);
        Assert.Equal(expression, refused.Outcome.Issue.Single().Expression.Single());
        Assert.Equal(Interaction.SearchType, bundle.Entry(1).Interaction);
    }

    [Theory]
    [InlineData("", Interaction.SearchSystem)]
    [InlineData("?_type=Patient", Interaction.SearchSystem)]
    [InlineData("metadata", Interaction.Capabilities)]
    [InlineData("_history", Interaction.HistorySystem)]
    [InlineData("Patient/_history?_count=2", Interaction.HistoryType)]
    [InlineData("Patient/1/_history", Interaction.HistoryInstance)]
    [InlineData("Patient/1/_history/7", Interaction.VersionRead)]
    [InlineData("Patient/1?_summary=true", Interaction.Read)]
    [InlineData("Patient/1/Observation?code=x", Interaction.SearchType)]
    [InlineData("https://here/fhir/Patient", Interaction.SearchType)]
    public void A_get_does_what_its_address_says(string url, Interaction expected) => Assert.Equal(
        expected, BundleUrl.Parse(url, "https://here/fhir/").ReadInteraction);

    [Fact]
    public void Single_requests_have_no_place_in_a_bundle()
    {
        var update = BundleEntry.Update("Patient?identifier=1", "{}"u8.ToArray(), ifMatch: "*", ifNoneMatch: "*");
        Assert.Null(update.Source);
        Assert.Equal((EntityTags.Any, EntityTags.Any), (update.IfMatch.Single(), update.IfNoneMatch.Single()));
        Assert.Equal(Bundle.HTTPVerb.DELETE, BundleEntry.Delete("Patient/1").Method);
        Assert.Equal("identifier=1", BundleEntry.Create("Patient", "{}"u8.ToArray(), "identifier=1").IfNoneExist);
    }

    private static BundleReader Read(string json) => BundleReader.Read(Encoding.UTF8.GetBytes(json), "https://here/fhir");
}
