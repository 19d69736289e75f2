using System.Net;
using System.Net.Http.Headers;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class ReadTests(TelehealthHost host)
{
    private const string Amy = """{"resourceType":"Patient","id":"amy","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Amy</div>"},"name":[{"family":"Ng"}],"birthDate":"1980-01-01"}""";

    [Fact]
    public async Task Read_answers_the_stored_bytes_with_their_version_and_time()
    {
        var written = await host.PutAsync("/fhir/Patient/amy", Amy);

        var read = await host.GetAsync("/fhir/Patient/amy");

        Assert.Equal(HttpStatusCode.OK, read.Status);
        Assert.Equal(written.Body, read.Body);
        Assert.Equal($"W/\"{read.Json["meta"]!["versionId"]}\"", read.ETag);
        Assert.NotNull(read.ContentHeaders.LastModified);
        Assert.Equal("application/fhir+json; charset=utf-8", read.ContentHeaders.ContentType!.ToString());
        Assert.True(read.Headers.CacheControl!.NoStore);
        Assert.Equal("nosniff", Assert.Single(read.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Read_of_what_never_was_is_404_and_of_what_was_deleted_410_with_its_version()
    {
        await host.PutAsync("/fhir/Patient/gone", """{"resourceType":"Patient","id":"gone"}""");
        await host.DeleteAsync("/fhir/Patient/gone");

        var never = await host.GetAsync("/fhir/Patient/never");
        var gone = await host.GetAsync("/fhir/Patient/gone");

        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (never.Status, never.IssueCode));
        Assert.Equal((HttpStatusCode.Gone, "deleted", "W/\"2\""), (gone.Status, gone.IssueCode, gone.ETag));
    }

    [Fact]
    public async Task Old_versions_stay_readable_and_a_version_that_never_was_is_404()
    {
        await host.PutAsync("/fhir/Patient/v", """{"resourceType":"Patient","id":"v","gender":"male"}""");
        await host.PutAsync("/fhir/Patient/v", """{"resourceType":"Patient","id":"v","gender":"female"}""");

        Assert.Equal("male", (await host.GetAsync("/fhir/Patient/v/_history/1")).Json["gender"]!.GetValue<string>());
        Assert.Equal("female", (await host.GetAsync("/fhir/Patient/v/_history/2")).Json["gender"]!.GetValue<string>());
        foreach (var version in (string[])["3", "0", "x", "-1", "99999999999"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/fhir/Patient/v/_history/{version}")).Status);
        }
    }

    [Theory]
    [InlineData("If-None-Match: W/\"1\"", HttpStatusCode.NotModified)]
    [InlineData("If-None-Match: \"7\", W/\"1\"", HttpStatusCode.NotModified)]
    [InlineData("If-None-Match: *", HttpStatusCode.NotModified)]
    [InlineData("If-None-Match: W/\"2\"", HttpStatusCode.OK)]
    [InlineData("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", HttpStatusCode.NotModified)]
    [InlineData("If-Modified-Since: Fri, 01 Jan 2010 00:00:00 GMT", HttpStatusCode.OK)]
    [InlineData("If-Modified-Since: yesterday", HttpStatusCode.OK)]
    [InlineData("If-None-Match: one", HttpStatusCode.BadRequest)]
    [InlineData("If-Match: W/\"9\"", HttpStatusCode.PreconditionFailed)]
    public async Task A_conditional_read_sends_what_the_client_lacks(string header, HttpStatusCode expected)
    {
        await host.PutAsync("/fhir/Patient/c", """{"resourceType":"Patient","id":"c"}""");

        var answer = await host.GetAsync("/fhir/Patient/c", header);

        Assert.Equal(expected, answer.Status);
        if (expected == HttpStatusCode.NotModified)
        {
            Assert.Equal(("", "W/\"1\""), (answer.Body, answer.ETag));
        }
    }

    [Fact]
    public async Task If_None_Match_overrides_If_Modified_Since()
    {
        await host.PutAsync("/fhir/Patient/both", """{"resourceType":"Patient","id":"both"}""");

        var answer = await host.GetAsync("/fhir/Patient/both", "If-None-Match: W/\"5\"", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task Head_answers_the_headers_of_the_read_without_its_body()
    {
        var written = await host.PutAsync("/fhir/Patient/amy", Amy);

        var head = await host.SendAsync("HEAD", "/fhir/Patient/amy");

        Assert.Equal((HttpStatusCode.OK, "", written.ETag), (head.Status, head.Body, head.ETag));
        Assert.Equal(written.Body.Length, head.ContentHeaders.ContentLength);
    }

    [Fact]
    public async Task Summary_and_elements_narrow_a_read_and_tag_it()
    {
        await host.PutAsync("/fhir/Patient/amy", Amy);

        var elements = (await host.GetAsync("/fhir/Patient/amy?_elements=birthDate")).Json;
        var data = (await host.GetAsync("/fhir/Patient/amy?_summary=data")).Json;

        Assert.Null(elements["name"]);
        Assert.NotNull(elements["birthDate"]);
        Assert.Contains("SUBSETTED", elements["meta"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(data["text"]);
        Assert.NotNull(data["name"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Patient/amy?_summary=some")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Patient/amy?_summary=count")).Status);
    }

    [Fact]
    public async Task Pretty_answers_are_indented_and_say_the_same()
    {
        var written = await host.PutAsync("/fhir/Patient/amy", Amy);

        var pretty = await host.GetAsync("/fhir/Patient/amy?_pretty=true");

        Assert.Contains("\n  \"birthDate\"", pretty.Body, StringComparison.Ordinal);
        Assert.Equal(written.Json.ToJsonString(), pretty.Json.ToJsonString());
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Patient/amy?_pretty=yes")).Status);
    }

    [Theory]
    [InlineData("/fhir/Patient/amy?_format=json", null, HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy?_format=application/fhir%2Bjson", null, HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy?_format=application/fhir+json", null, HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy?_format=text/json", "application/xml", HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy?_format=xml", null, HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy?_format=nonsense", null, HttpStatusCode.NotAcceptable)]
    [InlineData("/fhir/Patient/amy", "application/xml, */*;q=0.1", HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy", "application/fhir+json; fhirVersion=4.0", HttpStatusCode.OK)]
    [InlineData("/fhir/Patient/amy", "application/fhir+json; fhirVersion=5.0", HttpStatusCode.NotAcceptable)]
    [InlineData("/fhir/Patient/amy", "application/fhir+xml; fhirVersion=5.0", HttpStatusCode.NotAcceptable)]
    [InlineData("/fhir/Patient/amy", "application/json;q=0", HttpStatusCode.NotAcceptable)]
    public async Task The_form_is_negotiated_and_refused_where_it_is_not_served(string address, string? accept, HttpStatusCode expected)
    {
        await host.PutAsync("/fhir/Patient/amy", Amy);

        var answer = accept is null ? await host.GetAsync(address) : await host.GetAsync(address, $"Accept: {accept}");

        Assert.Equal(expected, answer.Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Answers_are_compressed_for_clients_that_read_it(string encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/fhir/metadata");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(encoding));

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(encoding, Assert.Single(response.Content.Headers.ContentEncoding));
    }
}

public sealed class ReadTestsOnSqlite(TelehealthHost host) : ReadTests(host), IClassFixture<TelehealthHost>;

public sealed class ReadTestsOnPostgreSql(PostgreSqlHost host) : ReadTests(host), IClassFixture<PostgreSqlHost>;
