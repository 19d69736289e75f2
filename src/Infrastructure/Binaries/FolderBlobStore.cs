using System.Runtime.CompilerServices;
using TeleFhir.Domain.Binaries;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>
/// Blobs as files of a folder, in subfolders by the first letters of their names. Servers that share a database share the folder. A file that
/// a crash left unfinished has no resource, and is swept.
/// </summary>
internal sealed class FolderBlobStore(string folder) : IBlobStore
{
    private const int BufferBytes = 128 * 1024;

    public async Task WriteAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
            await content.CopyToAsync(file, BufferBytes, cancellationToken);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    public Task<Stream> OpenAsync(string name, long offset, long length, CancellationToken cancellationToken)
    {
        var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.Asynchronous);
        file.Position = offset;
        return Task.FromResult<Stream>(new PartStream(file, length));
    }

    public Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        if (File.Exists(path))
        {
            File.Delete(path);
        }

        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<KeptBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        await Task.Yield();
        foreach (var file in new DirectoryInfo(folder).EnumerateDirectories("??").SelectMany(part => part.EnumerateFiles()))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new KeptBlob(file.Name, file.LastWriteTimeUtc);
        }
    }

    private string PathOf(string name) =>
        name.Length > 2 && name.All(char.IsAsciiLetterOrDigit) ? Path.Combine(folder, name[..2], name) : throw new FileNotFoundException("No name of a blob.");
}
