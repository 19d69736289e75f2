using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Binaries;

namespace TeleFhir.Api.Tests.Binaries;

/// <summary>Files over HTTP, on either database (https://hl7.org/fhir/R4/binary.html).</summary>
public abstract class BinaryTests(TelehealthHost host)
{
    private static readonly byte[] _pdf = [.. "%PDF-1.4 "u8, .. Enumerable.Range(0, 5000).Select(number => (byte)number)];

    [Fact]
    public async Task A_file_is_stored_and_read_as_it_is()
    {
        var created = await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf", ("X-Security-Context", "Patient/pat"));

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("W/\"1\"", created.Headers.ETag!.ToString());
        var read = await GetAsync(Address(created));
        Assert.Equal(_pdf, await BytesAsync(read));
        Assert.Equal("application/pdf", read.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", read.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("nosniff", read.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("Patient/pat", read.Headers.GetValues("X-Security-Context").Single());
        Assert.Equal("bytes", read.Headers.AcceptRanges.Single());
        Assert.Equal(_pdf.Length, read.Content.Headers.ContentLength);
        Assert.NotNull(read.Content.Headers.LastModified);
    }

    [Fact]
    public async Task It_is_read_as_a_resource_by_whoever_asks_for_FHIR()
    {
        var address = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"));

        var json = await host.GetAsync(address, "Accept: application/fhir+json");
        var xml = await host.GetAsync(address, "Accept: application/fhir+xml");
        var pretty = await host.GetAsync($"{address}?_format=json&_pretty=true");

        Assert.Equal(_pdf, json.Json["data"]!.GetValue<string>() is { } data ? Convert.FromBase64String(data) : null);
        Assert.Null(json.Json["_data"]);
        Assert.Contains($"<data value=\"{Convert.ToBase64String(_pdf)}\"", xml.Body, StringComparison.Ordinal);
        Assert.Equal(json.Json["data"]!.GetValue<string>(), pretty.Json["data"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(address, ("Accept", "image/png, application/pdf;q=0.5"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotAcceptable, (await GetAsync(address, ("Accept", "image/png"))).StatusCode);
        Assert.Equal(
            "application/pdf",
            (await GetAsync(address, ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"))).Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_resource_with_data_is_a_file_too()
    {
        var stored = await host.PutAsync("/fhir/Binary/by-json", Json("by-json", "application/pdf", _pdf));

        Assert.Equal(HttpStatusCode.Created, stored.Status);
        Assert.Equal(Convert.ToBase64String(_pdf), stored.Json["data"]!.GetValue<string>());
        Assert.Equal(_pdf, await BytesAsync(await GetAsync("/fhir/Binary/by-json")));

        // The same again is no new version, as a file or as a resource.
        Assert.Equal("W/\"1\"", (await host.PutAsync("/fhir/Binary/by-json", Json("by-json", "application/pdf", _pdf))).ETag);
        Assert.Equal("W/\"1\"", (await UploadAsync(HttpMethod.Put, "/fhir/Binary/by-json", _pdf, "application/pdf")).Headers.ETag!.ToString());
    }

    [Fact]
    public async Task A_bundle_stores_files_and_a_batch_reads_them()
    {
        var bundle = $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"fullUrl":"urn:uuid:6f1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b11","resource":{{Json(null, "application/pdf", _pdf)}} ,"request":{"method":"POST","url":"Binary"} },
             {"resource":{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"url":"urn:uuid:6f1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b11","size":{{_pdf.Length}} } }]},
              "request":{"method":"POST","url":"DocumentReference"} }]}
            """;

        var answer = await host.PostAsync("/fhir", bundle);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var location = answer.Entries[0]!["response"]!["location"]!.GetValue<string>();
        var name = $"Binary/{location.Split("Binary/")[1].Split('/')[0]}";
        var document = answer.Entries[1]!["response"]!["location"]!.GetValue<string>();
        Assert.Equal(name, (await host.GetAsync(document[document.IndexOf("/fhir", StringComparison.Ordinal)..])).Json["content"]![0]!["attachment"]!["url"]!.GetValue<string>());
        var batch = await host.PostAsync("/fhir", $$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"{{name}}"} }]}""");
        Assert.Equal(Convert.ToBase64String(_pdf), batch.Entries[0]!["resource"]!["data"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=100-", 100, 4909)]
    [InlineData("bytes=-5", 5004, 5)]
    [InlineData("bytes=5000-9999", 5000, 9)]
    [InlineData("bytes=5008-5008", 5008, 1)]
    [InlineData("bytes=-9999", 0, 5009)]
    public async Task A_range_is_a_part_of_the_file(string range, int from, int count)
    {
        var address = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"));

        var part = await GetAsync(address, ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal($"bytes {from}-{from + count - 1}/{_pdf.Length}", part.Content.Headers.ContentRange!.ToString());
        Assert.Equal(count, part.Content.Headers.ContentLength);
        Assert.Equal(_pdf[from..(from + count)], await BytesAsync(part));
    }

    [Fact]
    public async Task A_range_that_is_none_is_told_so_and_what_cannot_be_read_is_ignored()
    {
        var address = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"));

        var beyond = await GetAsync(address, ("Range", "bytes=5009-"));

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal($"bytes */{_pdf.Length}", beyond.Content.Headers.ContentRange!.ToString());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await GetAsync(address, ("Range", "bytes=-0"))).StatusCode);
        foreach (var odd in (string[])["bytes=9-1", "lines=1-2", "bytes=0-1,4-5", "bytes=x"])
        {
            Assert.Equal(_pdf, await BytesAsync(await GetAsync(address, ("Range", odd))));
        }
    }

    [Fact]
    public async Task A_range_of_another_version_is_the_whole_of_this_one()
    {
        var address = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"));
        var modified = (await GetAsync(address)).Content.Headers.LastModified!.Value.ToString("R");

        Assert.Equal(HttpStatusCode.PartialContent, (await GetAsync(address, ("Range", "bytes=0-1"), ("If-Range", "W/\"1\""))).StatusCode);
        Assert.Equal(HttpStatusCode.PartialContent, (await GetAsync(address, ("Range", "bytes=0-1"), ("If-Range", modified))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(address, ("Range", "bytes=0-1"), ("If-Range", "W/\"2\""))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(address, ("Range", "bytes=0-1"), ("If-Range", "Fri, 01 Jan 2100 00:00:00 GMT"))).StatusCode);
    }

    [Fact]
    public async Task Reads_are_conditional_and_HEAD_tells_the_same_without_content()
    {
        var address = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"));

        Assert.Equal(HttpStatusCode.NotModified, (await GetAsync(address, ("If-None-Match", "W/\"1\""))).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await GetAsync(address, ("If-Match", "W/\"9\""))).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Head, address);
        var head = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, _pdf.Length), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await BytesAsync(head));
    }

    [Fact]
    public async Task Old_versions_keep_their_content_and_a_deleted_file_is_gone()
    {
        byte[] second = [.. "%PDF-2.0 second"u8];
        await UploadAsync(HttpMethod.Put, "/fhir/Binary/versions", _pdf, "application/pdf", ("X-Security-Context", "Patient/pat"));
        var updated = await UploadAsync(HttpMethod.Put, "/fhir/Binary/versions", second, "application/pdf", ("If-Match", "W/\"1\""));

        Assert.Equal(HttpStatusCode.OK, updated.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await UploadAsync(HttpMethod.Put, "/fhir/Binary/versions", _pdf, "application/pdf", ("If-Match", "W/\"1\""))).StatusCode);
        Assert.Equal(second, await BytesAsync(await GetAsync("/fhir/Binary/versions")));
        Assert.Equal("Patient/pat", (await GetAsync("/fhir/Binary/versions")).Headers.GetValues("X-Security-Context").Single());
        Assert.Equal(HttpStatusCode.NoContent, (await host.DeleteAsync("/fhir/Binary/versions")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("/fhir/Binary/versions")).StatusCode);
        Assert.Equal(_pdf, await BytesAsync(await GetAsync("/fhir/Binary/versions/_history/1")));
        Assert.Equal(second, await BytesAsync(await GetAsync("/fhir/Binary/versions/_history/2")));
        var history = await host.GetAsync("/fhir/Binary/versions/_history");
        Assert.Equal(3, history.Entries.Count);
        Assert.DoesNotContain("\"data\"", history.Body, StringComparison.Ordinal);
        Assert.Contains(BinaryContent.Url, history.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_changes_all_but_the_content()
    {
        await UploadAsync(HttpMethod.Put, "/fhir/Binary/patched", _pdf, "application/pdf");

        var patched = await host.PatchAsync("/fhir/Binary/patched", """[{"op":"add","path":"/securityContext","value":{"reference":"Patient/pat"}}]""");

        Assert.Equal(HttpStatusCode.OK, patched.Status);
        Assert.Equal(_pdf, await BytesAsync(await GetAsync("/fhir/Binary/patched")));
        foreach (var patch in (string[])[
            """[{"op":"add","path":"/data","value":"AAAA"}]""",
            """[{"op":"replace","path":"/contentType","value":"text/plain"}]""",
            """[{"op":"add","path":"/_data","value":{"extension":[{"url":"urn:x","valueString":"x"}]}}]"""])
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PatchAsync("/fhir/Binary/patched", patch)).Status);
        }
    }

    [Fact]
    public async Task What_a_search_shows_can_be_put_back_and_nobody_takes_anothers_content()
    {
        await UploadAsync(HttpMethod.Put, "/fhir/Binary/shown", _pdf, "application/pdf");
        var shown = (await host.GetAsync("/fhir/Binary?_id=shown")).Entries[0]!["resource"]!;
        shown["securityContext"] = new JsonObject { ["reference"] = "Patient/pat" };

        Assert.Equal("W/\"2\"", (await host.PutAsync("/fhir/Binary/shown", shown.ToJsonString())).ETag);
        Assert.Equal(_pdf, await BytesAsync(await GetAsync("/fhir/Binary/shown")));

        shown["id"] = "thief";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PutAsync("/fhir/Binary/thief", shown.ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir/Binary", shown.ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PutAsync("/fhir/Binary/shown", """{"resourceType":"Binary","id":"shown","contentType":"application/pdf"}""")).Status);
        Assert.Equal(_pdf, await BytesAsync(await GetAsync("/fhir/Binary/shown")));
    }

    [Theory]
    [InlineData("application/x-msdownload", "MZ", 415)]
    [InlineData("text/html", "<html>", 415)]
    [InlineData("image/svg+xml", "<svg/>", 415)]
    [InlineData("", "x", 415)]
    [InlineData("image/png", "%PDF-1.4", 422)]
    [InlineData("application/pdf", "GIF89a", 422)]
    [InlineData("text/plain", "<script>alert(1)</script>", 422)]
    [InlineData("text/plain", "PK\u0003\u0004", 422)]
    [InlineData("audio/mpeg", "just words", 422)]
    [InlineData("application/dicom", "DICM", 422)]
    public async Task What_is_not_taken_or_is_not_what_it_says_is_refused_and_nothing_is_stored(string type, string content, int status)
    {
        var bytes = Encoding.Latin1.GetBytes(content);
        var before = await BlobsAsync();

        var answer = await UploadAsync(HttpMethod.Post, "/fhir/Binary", bytes, type);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("OperationOutcome", JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["resourceType"]!.GetValue<string>());
        if (type.Length > 0)
        {
            Assert.Equal(status, (int)(await host.PostAsync("/fhir/Binary", Json(null, type, bytes))).Status);
        }

        Assert.Equal(before, await BlobsAsync());
    }

    [Theory]
    [InlineData("image/png", "89504E470D0A1A0A00")]
    [InlineData("audio/ogg", "4F67675300020000")]
    [InlineData("audio/mpeg", "49443303000000")]
    [InlineData("audio/wav", "524946462400000057415645")]
    [InlineData("video/webm", "1A45DFA39F42")]
    [InlineData("text/plain; charset=utf-8", "C3A4C3B6C3BC")]
    [InlineData("image/gif", "474946383961")]
    public async Task Files_of_the_usual_kinds_are_taken(string type, string hex) =>
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", Convert.FromHexString(hex), type)).StatusCode);

    [Fact]
    public async Task A_file_that_unfolds_beyond_the_limit_is_refused()
    {
        // The limit of this server is a mebibyte; four of them fit into some kilobytes.
        var before = await BlobsAsync();
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.ASCII.GetBytes(new string('a', 4 << 20)), TestContext.Current.CancellationToken);
        }

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", packed.ToArray(), "text/plain", ("Content-Encoding", "gzip"))).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", new byte[(1 << 20) + 1], "text/plain")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", "no gzip"u8.ToArray(), "text/plain", ("Content-Encoding", "gzip"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", "x"u8.ToArray(), "text/plain", ("Content-Encoding", "zstd"))).StatusCode);
        Assert.Equal(before, await BlobsAsync());
    }

    [Fact]
    public async Task What_is_refused_by_its_conditions_leaves_nothing_behind()
    {
        await UploadAsync(HttpMethod.Put, "/fhir/Binary/there", _pdf, "application/pdf");
        var before = await BlobsAsync();

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await UploadAsync(HttpMethod.Put, "/fhir/Binary/there", "%PDF-x"u8.ToArray(), "application/pdf", ("If-None-Match", "*"))).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await UploadAsync(HttpMethod.Put, "/fhir/Binary/there", "%PDF-x"u8.ToArray(), "application/pdf", ("If-Match", "W/\"7\""))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf", ("X-Security-Context", "../etc"))).StatusCode);
        Assert.Equal(before, await BlobsAsync());
    }

    [Theory]
    [InlineData("image/jpeg")]
    [InlineData("image/png")]
    [InlineData("image/webp")]
    [InlineData("image/heic")]
    [InlineData("video/mp4")]
    public async Task The_position_is_taken_out_of_pictures_that_come_either_way_and_the_rest_stays(string type)
    {
        var picture = type switch
        {
            "image/jpeg" => Pictures.Jpeg(),
            "image/png" => Pictures.Png(),
            "image/webp" => Pictures.Webp(),
            "image/heic" => Pictures.Heif(),
            _ => Pictures.Mp4(),
        };
        var raw = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", picture, type));
        var base64 = await host.PostAsync("/fhir/Binary", Json(null, type, picture));

        var clean = await BytesAsync(await GetAsync(raw));

        Assert.Equal(picture.Length, clean.Length);
        Assert.Equal(clean, Convert.FromBase64String(base64.Json["data"]!.GetValue<string>()));
        var marks = (byte[][])[Pictures.Latitude, "GPSLatitude"u8.ToArray(), "+51.5"u8.ToArray()];
        Assert.Contains(marks, mark => picture.AsSpan().IndexOf(mark) >= 0);
        Assert.All(marks, mark => Assert.True(clean.AsSpan().IndexOf(mark) < 0));
        if (type.StartsWith("image/", StringComparison.Ordinal))
        {
            Assert.True(clean.AsSpan().IndexOf("Maker"u8) >= 0);
            Assert.True(clean.AsSpan().IndexOf((byte[])[0x25, 0x88]) < 0, "the pointer to the position");
            Assert.True(clean.AsSpan().IndexOf((byte[])[0x01, 0xA0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0]) >= 0, "what stood behind it");
        }
    }

    [Fact]
    public async Task A_document_says_of_its_file_what_is_so()
    {
        var file = Address(await UploadAsync(HttpMethod.Post, "/fhir/Binary", _pdf, "application/pdf"))["/fhir/".Length..];
#pragma warning disable CA5350 // Attachment.hash is SHA-1.
        var hash = Convert.ToBase64String(SHA1.HashData(_pdf));
#pragma warning restore CA5350
        string Document(string more) => $$"""{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"contentType":"application/pdf","url":"{{file}}"{{more}} } }]}""";

        Assert.Equal(HttpStatusCode.Created, (await host.PostAsync("/fhir/DocumentReference", Document($",\"size\":{_pdf.Length},\"hash\":\"{hash}\""))).Status);
        Assert.Equal(HttpStatusCode.Created, (await host.PostAsync("/fhir/DocumentReference", Document(""))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir/DocumentReference", Document(",\"size\":1"))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir/DocumentReference", Document(",\"hash\":\"AAAA\""))).Status);
        var media = $$"""{"resourceType":"Media","status":"completed","content":{"url":"{{file}}","size":7} }""";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("/fhir/Media", media)).Status);
    }

    private static string Json(string? id, string type, byte[] data)
    {
        var binary = new JsonObject { ["resourceType"] = "Binary", ["contentType"] = type, ["data"] = Convert.ToBase64String(data) };
        if (id is not null)
        {
            binary["id"] = id;
        }

        return binary.ToJsonString();
    }

    private static string Address(HttpResponseMessage created)
    {
        Assert.True(created.StatusCode == HttpStatusCode.Created, created.ToString());
        var path = created.Headers.Location!.AbsolutePath;
        return path.Contains("/_history", StringComparison.Ordinal) ? path[..path.IndexOf("/_history", StringComparison.Ordinal)] : path;
    }

    private static Task<byte[]> BytesAsync(HttpResponseMessage response) => response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

    private async Task<List<string>> BlobsAsync()
    {
        var names = new List<string>();
        await foreach (var blob in host.Services.GetRequiredService<IBlobStore>().ListAsync(TestContext.Current.CancellationToken))
        {
            names.Add(blob.Name);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    private Task<HttpResponseMessage> GetAsync(string address, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private Task<HttpResponseMessage> UploadAsync(HttpMethod method, string address, byte[] content, string type, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, address) { Content = new ByteArrayContent(content) };
        if (type.Length > 0)
        {
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}

/// <summary>A server that takes files of a mebibyte.</summary>
public sealed class SqliteFileHost() : TelehealthHost(builder => builder.UseSetting("Binary:MaxBytes", "1048576"));

/// <inheritdoc cref="SqliteFileHost"/>
public sealed class PostgreSqlFileHost() : PostgreSqlHost(builder => builder.UseSetting("Binary:MaxBytes", "1048576"));

/// <inheritdoc />
public sealed class SqliteBinaryTests(SqliteFileHost host) : BinaryTests(host), IClassFixture<SqliteFileHost>;

/// <inheritdoc />
public sealed class PostgreSqlBinaryTests(PostgreSqlFileHost host) : BinaryTests(host), IClassFixture<PostgreSqlFileHost>;
