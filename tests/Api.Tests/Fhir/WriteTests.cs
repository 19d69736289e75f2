using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class WriteTests(TelehealthHost host)
{
    [Fact]
    public async Task Create_gives_an_id_and_says_where_the_version_is()
    {
        var created = await host.PostAsync("/fhir/Patient", """{"resourceType":"Patient","id":"mine","meta":{"versionId":"9"},"gender":"other"}""");

        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.NotEqual("mine", created.Id);
        Assert.Equal("1", created.Json["meta"]!["versionId"]!.GetValue<string>());
        Assert.Equal($"http://localhost/fhir/Patient/{created.Id}/_history/1", created.Headers.Location!.ToString());
        Assert.Equal(created.Body, (await host.GetAsync(created.Headers.Location!.PathAndQuery)).Body);
    }

    [Fact]
    public async Task Update_makes_a_version_and_an_equal_update_none()
    {
        var first = await host.PutAsync("/fhir/Patient/u", """{"resourceType":"Patient","id":"u","gender":"male"}""");
        var second = await host.PutAsync("/fhir/Patient/u", """{"resourceType":"Patient","id":"u","gender":"female"}""");
        var same = await host.PutAsync("/fhir/Patient/u", """{ "id": "u", "gender": "female", "resourceType": "Patient" }""");

        Assert.Equal((HttpStatusCode.Created, "W/\"1\""), (first.Status, first.ETag));
        Assert.Equal((HttpStatusCode.OK, "W/\"2\""), (second.Status, second.ETag));
        Assert.Equal((HttpStatusCode.OK, "W/\"2\""), (same.Status, same.ETag));
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","id":"other"}""")]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Observation","id":"x"}""")]
    [InlineData("""{"resourceType":"Patient","id":"x","gender":"tall"}""")]
    [InlineData("""{"resourceType":"Patient","id":"x","colour":"red"}""")]
    [InlineData("""{"resourceType":"Patient","id":"x",""")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task Content_that_is_wrong_is_400_with_an_outcome(string json)
    {
        var answer = await host.PutAsync("/fhir/Patient/x", json);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.NotNull(answer.IssueCode);
    }

    [Fact]
    public async Task Of_stale_updates_none_is_written()
    {
        await host.PutAsync("/fhir/Patient/s", """{"resourceType":"Patient","id":"s","gender":"male"}""");
        await host.PutAsync("/fhir/Patient/s", """{"resourceType":"Patient","id":"s","gender":"other"}""", "If-Match: W/\"1\"");

        var stale = await host.PutAsync("/fhir/Patient/s", """{"resourceType":"Patient","id":"s","gender":"female"}""", "If-Match: W/\"1\"");
        var listed = await host.PutAsync("/fhir/Patient/s", """{"resourceType":"Patient","id":"s","gender":"unknown"}""", "If-Match: W/\"1\", W/\"2\"");

        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.Equal((HttpStatusCode.OK, "W/\"3\""), (listed.Status, listed.ETag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.PutAsync("/fhir/Patient/s9", """{"resourceType":"Patient","id":"s9"}""", "If-Match: *")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.DeleteAsync("/fhir/Patient/s", "If-Match: \"2\"")).Status);
    }

    [Fact]
    public async Task If_None_Match_star_creates_and_never_replaces()
    {
        const string json = """{"resourceType":"Patient","id":"only"}""";

        Assert.Equal(HttpStatusCode.Created, (await host.PutAsync("/fhir/Patient/only", json, "If-None-Match: *")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await host.PutAsync("/fhir/Patient/only", json, "If-None-Match: *")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PutAsync("/fhir/Patient/only", json, "If-None-Match: W/\"1\"")).Status);
    }

    [Fact]
    public async Task Delete_is_204_again_and_again_and_makes_one_version()
    {
        await host.PutAsync("/fhir/Patient/d", """{"resourceType":"Patient","id":"d"}""");

        var first = await host.DeleteAsync("/fhir/Patient/d");
        var second = await host.DeleteAsync("/fhir/Patient/d");

        Assert.Equal((HttpStatusCode.NoContent, "", "W/\"2\""), (first.Status, first.Body, first.ETag));
        Assert.Equal(HttpStatusCode.NoContent, second.Status);
        Assert.Equal(HttpStatusCode.NoContent, (await host.DeleteAsync("/fhir/Patient/d-never")).Status);
        Assert.Equal(2, (await host.GetAsync("/fhir/Patient/d/_history")).Entries.Count);
    }

    [Theory]
    [InlineData("return=minimal", HttpStatusCode.Created, "")]
    [InlineData("return=representation", HttpStatusCode.Created, "Patient")]
    [InlineData("return=OperationOutcome", HttpStatusCode.Created, "OperationOutcome")]
    [InlineData("respond-async, return=minimal; x=y", HttpStatusCode.Created, "")]
    [InlineData("return=", HttpStatusCode.BadRequest, "OperationOutcome")]
    [InlineData("return", HttpStatusCode.BadRequest, "OperationOutcome")]
    [InlineData("return=everything", HttpStatusCode.BadRequest, "OperationOutcome")]
    [InlineData("handling=nice", HttpStatusCode.BadRequest, "OperationOutcome")]
    public async Task A_write_answers_as_much_as_is_preferred(string prefer, HttpStatusCode status, string type)
    {
        var answer = await host.PostAsync("/fhir/Patient", """{"resourceType":"Patient","active":true}""", $"Prefer: {prefer}");

        Assert.Equal(status, answer.Status);
        Assert.Equal(type, answer.Body.Length == 0 ? "" : answer.Json["resourceType"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("application/fhir+json", HttpStatusCode.Created)]
    [InlineData("application/json; charset=utf-8", HttpStatusCode.Created)]
    [InlineData("text/json", HttpStatusCode.Created)]
    [InlineData("application/fhir+json; charset=latin1", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/fhir+xml; charset=utf-16", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData(null, HttpStatusCode.UnsupportedMediaType)]
    public async Task Other_media_types_are_refused(string? contentType, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"resourceType":"Patient","active":true}""")),
        };
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Content_over_the_limit_is_413_whether_its_length_is_told_or_not(bool isTold)
    {
        var json = $$"""{"resourceType":"Patient","name":[{"text":"{{new string('x', 200_000)}}"}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient") { Content = new StringContent(json) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
        request.Headers.TransferEncodingChunked = !isTold;

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Theory]
    [InlineData(10, HttpStatusCode.Created)]
    [InlineData(2_000_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Gzip_content_is_taken_within_the_limit_of_what_it_unpacks_to(int size, HttpStatusCode expected)
    {
        var response = await SendGzipAsync(Gzip($$"""{"resourceType":"Patient","name":[{"text":"{{new string('x', size)}}"}]}"""));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Content_that_only_says_it_is_gzip_is_400()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await SendGzipAsync("{\"resourceType\":\"Patient\"}"u8.ToArray())).StatusCode);
    }

    [Fact]
    public async Task Decimals_and_offsets_come_back_character_for_character()
    {
        var created = await host.PostAsync("/fhir/Observation", """
            {"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2020-01-01T10:00:00.10+05:30","valueQuantity":{"value":1.500}}
            """);

        Assert.Contains("\"value\":1.500}", created.Body, StringComparison.Ordinal);
        Assert.Contains("2020-01-01T10:00:00.10+05:30", created.Body, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendGzipAsync(byte[] bytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
        request.Content.Headers.ContentEncoding.Add("gzip");
        return await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static byte[] Gzip(string text)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionMode.Compress))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }
}

public sealed class WriteTestsOnSqlite(TelehealthHost host) : WriteTests(host), IClassFixture<TelehealthHost>;

public sealed class WriteTestsOnPostgreSql(PostgreSqlHost host) : WriteTests(host), IClassFixture<PostgreSqlHost>;
