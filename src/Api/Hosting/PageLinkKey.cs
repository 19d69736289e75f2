using System.Security.Cryptography;

namespace TeleFhir.Api.Hosting;

/// <summary>
/// The key that seals page links: configured where several nodes serve one database, otherwise kept in a file of this machine, so that
/// links outlive a restart.
/// </summary>
internal sealed class PageLinkKey(TeleFhirOptions options)
{
    private const int Length = 32;

    public byte[] Bytes { get; } = Load(options);

    private static byte[] Load(TeleFhirOptions options)
    {
        if (options.Search.PageTokenKey is { } configured)
        {
            return Convert.FromBase64String(configured);
        }

        var path = Path.GetFullPath(options.Search.PageTokenKeyFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            using var file = new FileStream(path, Create());
            var key = RandomNumberGenerator.GetBytes(Length);
            file.Write(key);
            return key;
        }
        catch (IOException) when (File.Exists(path))
        {
            return Read(path);
        }
    }

    private static byte[] Read(string path)
    {
        var key = File.ReadAllBytes(path);
        return key.Length == Length ? key : throw new InvalidDataException($"{path} is no key of {Length} bytes; delete it to make a new one.");
    }

    // Made once, by whoever comes first, and readable by this user alone.
    private static FileStreamOptions Create()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
