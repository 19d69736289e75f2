using System.Text;
using TeleFhir.Domain.Binaries;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.CommandLine;

/// <summary>Files that go from one server to another by <c>export</c> and <c>import</c>, and from either database into the other.</summary>
public sealed class ExportFilesTests
{
    // None is a multiple of three, of a page or of a part of a stream; the largest is of several of each.
    private static readonly int[] _sizes = [10, 3001, 262_147, 5_000_003];

    [Theory]
    [InlineData("Sqlite", "PostgreSql")]
    [InlineData("PostgreSql", "Sqlite")]
    public async Task They_come_back_byte_for_byte(string from, string to)
    {
        var files = _sizes.ToDictionary(size => $"f{size}", Pdf);
        var lines = files.Select(file => $$"""
            {"resourceType":"Binary","id":"{{file.Key}}","contentType":"application/pdf","securityContext":{"reference":"Patient/p"},"data":"{{Convert.ToBase64String(file.Value)}}"}
            """);
        var folder = Directory.CreateTempSubdirectory("telefhir-files-");
        try
        {
            await WithAsync(from, async host =>
            {
                await DoAsync(host, "import", host.File("p.json", """{"resourceType":"Patient","id":"p"}"""), host.File("files.ndjson", string.Join('\n', lines)));
                await HasAsync(host, files);
                await DoAsync(host, "export", Path.Combine(folder.FullName, "out"));
            });
            Assert.Equal(files.Count, (await File.ReadAllLinesAsync(Path.Combine(folder.FullName, "out", "Binary.ndjson"), TestContext.Current.CancellationToken)).Length);

            // The first server is gone, with its contents.
            await WithAsync(to, async host =>
            {
                await DoAsync(host, "import", Path.Combine(folder.FullName, "out"));
                await HasAsync(host, files);
                Assert.Equal(files.Count, Directory.GetFiles(host.PathOf("blobs"), "*", SearchOption.AllDirectories).Length);
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Pdf(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        "%PDF-1.4 "u8.CopyTo(content);
        return content;
    }

    private static async Task WithAsync(string provider, Func<CommandHost, Task> work)
    {
        if (provider == "Sqlite")
        {
            using var host = new CommandHost();
            await work(host);
            return;
        }

        await using var database = await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync();
        using var other = new CommandHost(provider, database.ConnectionString);
        await work(other);
    }

    private static async Task DoAsync(CommandHost host, params string[] args)
    {
        var (code, output) = await host.RunAsync(args);
        Assert.True(code == 0, output);
    }

    /// <summary>The contents are in the blob store, whole and as they were, and their resources hold none.</summary>
    private static async Task HasAsync(CommandHost host, Dictionary<string, byte[]> files)
    {
        foreach (var (id, file) in files)
        {
            var binary = await host.ReadAsync($"Binary/{id}");
            Assert.DoesNotContain("\"data\"", binary, StringComparison.Ordinal);
            Assert.Contains("Patient/p", binary, StringComparison.Ordinal);
            var content = BinaryContent.Of(Encoding.UTF8.GetBytes(binary!))!;
            Assert.Equal(file.Length, content.Size);
            var read = await host.WithAsync<IBinaryContents, byte[]>(async contents =>
            {
                await using var stream = await contents.OpenAsync(content, 0, content.Size, TestContext.Current.CancellationToken);
                using var all = new MemoryStream();
                await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
                return all.ToArray();
            });
            Assert.True(file.AsSpan().SequenceEqual(read), $"{id} is another file now.");
        }
    }
}
