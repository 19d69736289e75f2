using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class XmlTests(TelehealthHost host)
{
    private const string Xml = "Accept: application/fhir+xml";
    private static readonly XNamespace _fhir = "http://hl7.org/fhir";

    [Theory]
    [InlineData("application/fhir+xml")]
    [InlineData("application/xml; charset=utf-8")]
    [InlineData("text/xml")]
    public async Task What_is_written_in_xml_is_read_in_both(string contentType)
    {
        var created = await PostAsync("/fhir/Observation", """
            <Observation xmlns="http://hl7.org/fhir"><id value="ignored"/><status value="final"/><code><text value="x"/></code>
            <effectiveDateTime value="2026-01-01T00:00:00.000+05:30"/><valueQuantity><value value="1.500"/></valueQuantity></Observation>
            """, contentType);
        Assert.Equal((HttpStatusCode.Created, "application/fhir+xml"), (created.Status, created.ContentHeaders.ContentType!.MediaType));
        var id = Value(created, "id");

        var json = await host.GetAsync($"/fhir/Observation/{id}");
        Assert.Contains("\"value\":1.500", json.Body, StringComparison.Ordinal);
        Assert.Contains("\"effectiveDateTime\":\"2026-01-01T00:00:00.000+05:30\"", json.Body, StringComparison.Ordinal);
        var xml = await host.GetAsync($"/fhir/Observation/{id}", Xml);
        Assert.Equal(created.Body, xml.Body);
        Assert.Equal(json.ETag, xml.ETag);
        Assert.Contains("<value value=\"1.500\" />", xml.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?_format=xml", null, true)]
    [InlineData("?_format=application/fhir%2Bxml", null, true)]
    [InlineData("?_format=application/fhir+xml", null, true)]
    [InlineData("?_format=text/xml", "application/json", true)]
    [InlineData("?_format=json", "application/fhir+xml", false)]
    [InlineData("", "application/xml", true)]
    [InlineData("", "text/xml;q=0.9, application/json;q=0.8", true)]
    [InlineData("", "text/xml;q=0.8, application/json;q=0.9", false)]
    [InlineData("", "application/fhir+xml, */*;q=0.1", true)]
    [InlineData("", "*/*", false)]
    [InlineData("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false)]
    public async Task The_form_is_what_was_asked_for(string query, string? accept, bool isXml)
    {
        await host.PutAsync("/fhir/Patient/xml-form", """{"resourceType":"Patient","id":"xml-form"}""");
        var answer = accept is null
            ? await host.GetAsync($"/fhir/Patient/xml-form{query}")
            : await host.GetAsync($"/fhir/Patient/xml-form{query}", $"Accept: {accept}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(isXml ? "application/fhir+xml" : "application/fhir+json", answer.ContentHeaders.ContentType!.MediaType);
        Assert.Equal(isXml ? '<' : '{', answer.Body[0]);
    }

    [Fact]
    public async Task Searches_histories_and_the_capability_statement_are_served_in_xml()
    {
        await host.PutAsync("/fhir/Patient/xml-s", """{"resourceType":"Patient","id":"xml-s","identifier":[{"system":"urn:xml","value":"s"}]}""");
        var search = XDocument.Parse((await host.GetAsync("/fhir/Patient?identifier=urn:xml|s&unknown=1", Xml)).Body).Root!;
        Assert.Equal(_fhir + "Bundle", search.Name);
        Assert.Equal("1", search.Element(_fhir + "total")!.Attribute("value")!.Value);
        Assert.Equal("xml-s", search.Descendants(_fhir + "Patient").Single().Element(_fhir + "id")!.Attribute("value")!.Value);

        var form = await host.SendAsync("POST", "/fhir/Patient/_search", "identifier=urn:xml|s&_format=xml&_pretty=true", "Content-Type: application/x-www-form-urlencoded");
        Assert.Contains("\n  <type value=\"searchset\" />", form.Body, StringComparison.Ordinal);
        Assert.Equal(_fhir + "Bundle", XDocument.Parse((await host.GetAsync("/fhir/Patient/xml-s/_history", Xml)).Body).Root!.Name);
        var statement = await host.GetAsync("/fhir/metadata?_format=xml");
        Assert.Equal(_fhir + "CapabilityStatement", XDocument.Parse(statement.Body).Root!.Name);
        Assert.Contains("<format value=\"application/fhir+xml\" />", statement.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_in_xml_is_answered_in_xml()
    {
        var answer = await PostAsync("/fhir", """
            <Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/>
            <entry><fullUrl value="urn:uuid:0f0c1a3a-0000-4000-8000-00000000000a"/><resource><Patient><active value="true"/></Patient></resource><request><method value="POST"/><url value="Patient"/></request></entry>
            <entry><resource><Observation><status value="final"/><code><text value="x"/></code><subject><reference value="urn:uuid:0f0c1a3a-0000-4000-8000-00000000000a"/></subject></Observation></resource><request><method value="POST"/><url value="Observation"/></request></entry>
            </Bundle>
            """);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var statuses = XDocument.Parse(answer.Body).Descendants(_fhir + "status").Select(status => status.Attribute("value")!.Value);
        Assert.Equal(["201 Created", "201 Created"], statuses);
    }

    [Fact]
    public async Task A_patch_may_come_in_xml()
    {
        await host.PutAsync("/fhir/Patient/xml-p", """{"resourceType":"Patient","id":"xml-p"}""");
        var patched = await host.SendAsync("PATCH", "/fhir/Patient/xml-p", """
            <Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
            <part><name value="type"/><valueCode value="add"/></part><part><name value="path"/><valueString value="Patient"/></part>
            <part><name value="name"/><valueString value="birthDate"/></part><part><name value="value"/><valueDate value="1930-01-01"/></part>
            </parameter></Parameters>
            """, "Content-Type: application/fhir+xml");
        Assert.Equal("1930-01-01", Value(patched, "birthDate"));
    }

    [Theory]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><active value="yes"/></Patient>""", "Patient.active")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><gender value="green"/></Patient>""", "Patient.gender")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div></text></Patient>""", "Patient.text")]
    [InlineData("""<Patient xmlns="http://hl7.org/fhir"><birthDate value="1970"/><active value="true"/></Patient>""", "Patient.active")]
    [InlineData("""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"><active value="&a;"/></Patient>""", null)]
    [InlineData("""<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><Patient xmlns="http://hl7.org/fhir"/>""", null)]
    [InlineData("<Patient", null)]
    public async Task Faults_are_told_in_xml_with_the_element(string body, string? expression)
    {
        var refused = await PostAsync("/fhir/Patient", body);
        Assert.Equal((HttpStatusCode.BadRequest, "application/fhir+xml"), (refused.Status, refused.ContentHeaders.ContentType!.MediaType));
        var issue = XDocument.Parse(refused.Body).Root!.Element(_fhir + "issue")!;
        Assert.Equal("error", issue.Element(_fhir + "severity")!.Attribute("value")!.Value);
        if (expression is not null)
        {
            Assert.StartsWith(expression, issue.Element(_fhir + "expression")!.Attribute("value")!.Value, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_fails_before_it_is_bound_is_told_in_xml_too()
    {
        foreach (var address in (string[])["/fhir/Nonsense/1", "/fhir/Patient/1/2/3/4", "/fhir/Patient/nobody"])
        {
            var answer = await host.GetAsync(address, Xml);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Equal(_fhir + "OperationOutcome", XDocument.Parse(answer.Body).Root!.Name);
        }
    }

    [Fact]
    public async Task Head_has_the_length_of_the_xml()
    {
        await host.PutAsync("/fhir/Patient/xml-h", """{"resourceType":"Patient","id":"xml-h"}""");
        var read = await host.GetAsync("/fhir/Patient/xml-h", Xml);
        var head = await host.SendAsync("HEAD", "/fhir/Patient/xml-h", null, Xml);
        Assert.Equal((Encoding.UTF8.GetByteCount(read.Body), ""), (head.ContentHeaders.ContentLength, head.Body));
    }

    private async Task<Answer> PostAsync(string address, string xml, string contentType = "application/fhir+xml")
    {
        using var content = new StringContent(xml, Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return await Answer.OfAsync(await host.Client.PostAsync(address, content, TestContext.Current.CancellationToken));
    }

    private static string Value(Answer answer, string element) => XDocument.Parse(answer.Body).Root!.Element(_fhir + element)!.Attribute("value")!.Value;
}

public sealed class XmlTestsOnSqlite(TelehealthHost host) : XmlTests(host), IClassFixture<TelehealthHost>;

public sealed class XmlTestsOnPostgreSql(PostgreSqlHost host) : XmlTests(host), IClassFixture<PostgreSqlHost>;
