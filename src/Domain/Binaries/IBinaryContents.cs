namespace TeleFhir.Domain.Binaries;

/// <summary>The contents of Binaries on their way in and out, never whole in memory.</summary>
public interface IBinaryContents
{
    /// <summary>
    /// Takes a file in: within the size limit, of the kind that it is declared as, without the position where it was made. When this returns
    /// it is kept, and one commit may name it; where it throws nothing is kept.
    /// </summary>
    /// <param name="file">What arrives, decoded.</param>
    /// <param name="contentType">A media type that is taken.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    Task<BinaryContent> ReceiveAsync(Stream file, string contentType, CancellationToken cancellationToken);

    /// <summary>Lets go of what was received and never committed.</summary>
    Task DiscardAsync(BinaryContent content);

    /// <summary>Opens a part of a content, which lies within it.</summary>
    Task<Stream> OpenAsync(BinaryContent content, long offset, long length, CancellationToken cancellationToken);
}
