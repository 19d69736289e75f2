namespace TeleFhir.Domain.Binaries;

/// <summary>
/// Where the content of files is kept, beside the database: a folder or an object store. A blob is written once under a name that nobody
/// can guess and never changes. It is durable before the resource that names it is committed, so that no committed resource lacks its
/// content; what is left when a commit fails is swept.
/// </summary>
public interface IBlobStore
{
    /// <summary>Keeps a blob. When this returns it is durable; where it throws there is no blob.</summary>
    /// <param name="name">A fresh name of <see cref="NewName"/>.</param>
    /// <param name="content">The content from where the stream stands to its end; it can seek.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    Task WriteAsync(string name, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens a part of a blob for reading. Throws <see cref="FileNotFoundException"/> where there is none.</summary>
    /// <param name="name">The blob.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many; the part lies within the blob.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    Task<Stream> OpenAsync(string name, long offset, long length, CancellationToken cancellationToken);

    /// <summary>Removes a blob; where there is none that is no error.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);

    /// <summary>All blobs, in no order.</summary>
    IAsyncEnumerable<KeptBlob> ListAsync(CancellationToken cancellationToken);

    /// <summary>A fresh name.</summary>
    static string NewName() => Guid.NewGuid().ToString("N");
}

/// <summary>A blob that is kept.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Written">When it was written.</param>
public readonly record struct KeptBlob(string Name, DateTimeOffset Written);
