using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Binaries;

namespace TeleFhir.Api.Tests.Binaries;

/// <summary>Contents in a bucket: the server talks S3 to another process, in effect, that keeps objects.</summary>
public sealed class BucketTests
{
    [Fact]
    public async Task A_file_goes_into_the_bucket_and_comes_out_of_it_whole_or_in_parts()
    {
        await using var bucket = await Bucket.StartAsync();
        var host = await TelehealthHost.StartAsync(builder => builder.UseSetting("Binary:S3:Bucket", "files").UseSetting("Binary:S3:ServiceUrl", bucket.Origin)
            .UseSetting("Binary:S3:AccessKey", "key").UseSetting("Binary:S3:SecretKey", "secret").UseSetting("Binary:S3:Prefix", "clinic/"));
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Binary") { Content = new StringContent("0123456789", new MediaTypeHeaderValue("text/plain")) };
            var created = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            var address = created.Headers.Location!.AbsolutePath.Replace("/_history/1", "", StringComparison.Ordinal);

            Assert.StartsWith("/files/clinic/", Assert.Single(bucket.Objects).Key, StringComparison.Ordinal);
            Assert.Equal("0123456789", Encoding.ASCII.GetString(Assert.Single(bucket.Objects).Value));
            Assert.StartsWith("AWS4-HMAC-SHA256 Credential=key/", bucket.Authorization, StringComparison.Ordinal);
            Assert.Equal("0123456789", (await host.GetAsync(address)).Body);
            Assert.Equal("345", (await host.GetAsync(address, "Range: bytes=3-5")).Body);
            Assert.Equal("MDEyMzQ1Njc4OQ==", (await host.GetAsync(address, "Accept: application/fhir+json")).Json["data"]!.GetValue<string>());

            var blobs = host.Services.GetRequiredService<IBlobStore>();
            var names = new List<string>();
            await foreach (var blob in blobs.ListAsync(TestContext.Current.CancellationToken))
            {
                names.Add(blob.Name);
            }

            await blobs.DeleteAsync(Assert.Single(names), TestContext.Current.CancellationToken);
            Assert.Empty(bucket.Objects);
            await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.OpenAsync(names[0], 0, 1, TestContext.Current.CancellationToken));
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    /// <summary>As much of S3 as is asked for.</summary>
    private sealed class Bucket(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentDictionary<string, byte[]> Objects { get; } = [];

        public string Authorization { get; private set; } = "";

        public string Origin => app.Urls.Single();

        public static async Task<Bucket> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var bucket = new Bucket(app);
            app.Run(bucket.TakeAsync);
            await app.StartAsync();
            return bucket;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task TakeAsync(HttpContext context)
        {
            var (path, response) = (context.Request.Path.Value!, context.Response);
            Authorization = context.Request.Headers.Authorization.ToString();
            switch (context.Request.Method)
            {
                case "PUT":
                    using (var body = new MemoryStream())
                    {
                        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                        Objects[path] = body.ToArray();
                    }

                    response.Headers.ETag = "\"x\"";
                    break;
                case "DELETE":
                    Objects.TryRemove(path, out _);
                    response.StatusCode = 204;
                    break;
                case "GET" when Objects.TryGetValue(path, out var found):
                    var range = Microsoft.Net.Http.Headers.RangeHeaderValue.Parse(context.Request.Headers.Range.ToString()).Ranges.First();
                    var part = found[(int)range.From!.Value..((int)range.To!.Value + 1)];
                    (response.StatusCode, response.ContentLength) = (206, part.Length);
                    await response.Body.WriteAsync(part, context.RequestAborted);
                    break;
                case "GET" when context.Request.Query.ContainsKey("list-type"):
                    response.ContentType = "application/xml";
                    await response.WriteAsync(
                        "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>"
                        + string.Concat(Objects.Keys.Select(key => $"<Contents><Key>{key["/files/".Length..]}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"))
                        + "</ListBucketResult>",
                        context.RequestAborted);
                    break;
                default:
                    (response.StatusCode, response.ContentType) = (404, "application/xml");
                    await response.WriteAsync("<Error><Code>NoSuchKey</Code></Error>", context.RequestAborted);
                    break;
            }
        }
    }
}
