using System.Collections.Immutable;
using System.Data.Common;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Binaries;

/// <summary>Which files are taken.</summary>
public sealed record BinarySettings
{
    /// <summary>The largest file, in bytes, after a Content-Encoding is undone.</summary>
    public long MaxBytes { get; init; } = 250L * 1024 * 1024;

    /// <summary>The media types that are taken, without parameters; <c>audio/*</c> stands for all of a kind. Content is checked against its type.</summary>
    public ImmutableArray<string> Types { get; init; } = DefaultTypes;

    /// <summary>What is taken where nothing is configured: pictures, documents, sound, video, text and DICOM; nothing that a browser would run.</summary>
    public static ImmutableArray<string> DefaultTypes { get; } =
    [
        "image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "image/gif", "application/pdf", "application/dicom", "audio/*",
        "video/mp4", "video/webm", "video/quicktime", "text/plain", "text/csv", "application/json", "application/xml", "text/xml",
        "application/fhir+json", "application/fhir+xml",
    ];
}

/// <summary>Where the contents of files are kept.</summary>
public sealed record BlobStoreSettings
{
    /// <summary>The folder of the store, where there is no bucket; also that of files on their way in.</summary>
    public required string Folder { get; init; }

    /// <summary>The bucket of an S3-compatible store; null for the folder.</summary>
    public string? Bucket { get; init; }

    /// <summary>The address of the store; null for that of AWS in the region.</summary>
    public string? ServiceUrl { get; init; }

    /// <summary>The region.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The name of the key; null for what the environment of the machine gives (an instance role).</summary>
    public string? AccessKey { get; init; }

    /// <summary>The secret of the key.</summary>
    public string? SecretKey { get; init; }

    /// <summary>In front of the name of every blob.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The folder where none is configured: beside the file of the database, where it is one.</summary>
    public static string DefaultFolder(StorageSettings settings)
    {
        var source = settings.Provider == DatabaseProvider.Sqlite
            ? new DbConnectionStringBuilder { ConnectionString = settings.ConnectionString }.TryGetValue("Data Source", out var file) ? file as string : null
            : null;
        return Path.Combine(Path.GetDirectoryName(source) ?? "data", "blobs");
    }
}
