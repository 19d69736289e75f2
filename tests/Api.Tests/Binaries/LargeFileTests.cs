using System.Net;
using System.Net.Http.Headers;
using TeleFhir.Api.Tests.Durability;

namespace TeleFhir.Api.Tests.Binaries;

/// <summary>A file that is never whole in memory: the server runs by itself, and its memory is looked at.</summary>
public sealed class LargeFileTests
{
    private const int Bytes = 200 * 1024 * 1024;

    /// <summary>Less than the file by far; a server that held it once would need more.</summary>
    private const long MostGrowth = 120L * 1024 * 1024;

    [Fact]
    public async Task Two_hundred_megabytes_go_in_and_out_and_the_memory_stays()
    {
        var folder = Directory.CreateTempSubdirectory("telefhir-large-");
        try
        {
            var settings = new Dictionary<string, string>
            {
                ["ConnectionStrings:TeleFhir"] = $"Data Source={Path.Combine(folder.FullName, "large.db")}",
                ["Binary:Folder"] = Path.Combine(folder.FullName, "blobs"),
            };
            await using var server = await ServerProcess.StartAsync(settings, TestContext.Current.CancellationToken);
            (await UploadAsync(server.Client, new Zeros(1000))).EnsureSuccessStatusCode();
            var before = server.PeakWorkingSet;

            var created = await UploadAsync(server.Client, new Zeros(Bytes));
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            var address = created.Headers.Location!.AbsolutePath[..^"/_history/1".Length];
            Assert.Equal(Bytes, await LengthAsync(server.Client, address, "text/plain"));
            Assert.True(await LengthAsync(server.Client, address, "application/fhir+json") > Bytes * 4L / 3);

            TestContext.Current.TestOutputHelper!.WriteLine($"The peak grew by {(server.PeakWorkingSet - before) >> 20} MB.");
            Assert.InRange(server.PeakWorkingSet - before, 0, MostGrowth);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<HttpResponseMessage> UploadAsync(HttpClient client, Stream content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "fhir/Binary") { Content = new StreamContent(content, 64 * 1024) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static async Task<long> LengthAsync(HttpClient client, string address, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd(accept);
        request.Headers.AcceptEncoding.ParseAdd("identity");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var (buffer, length) = (new byte[64 * 1024], 0L);
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var count)
        {
            length += count;
        }

        return length;
    }

    /// <summary>So many letters, made while they are read.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var part = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, part).Fill((byte)'0');
            _left -= part;
            return part;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
