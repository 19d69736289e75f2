namespace TeleFhir.Domain.Storage;

/// <summary>
/// How far each imported file has come, so that a repeated import goes on where the last one stopped. A file is its content: under
/// another name it is the same, changed it is another.
/// </summary>
public interface IImportLog
{
    /// <summary>How many parts of a file, counted from its start, are stored; 0 for a file not seen yet.</summary>
    /// <param name="hash">SHA-256 of the content, hexadecimal.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    Task<int> FindAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Notes how many parts, counted from the start, are stored.</summary>
    Task RecordAsync(string hash, int done, CancellationToken cancellationToken);
}
