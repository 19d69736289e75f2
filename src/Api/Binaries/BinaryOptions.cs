using TeleFhir.Domain.Binaries;

namespace TeleFhir.Api.Binaries;

/// <summary>Which files are taken and where they are kept.</summary>
internal sealed class BinaryOptions
{
    /// <summary>The largest file.</summary>
    public long MaxBytes { get; set; } = new BinarySettings().MaxBytes;

    /// <summary>The media types that are taken; empty for those of <see cref="BinarySettings.DefaultTypes"/>.</summary>
    public IReadOnlyList<string> Types { get; set; } = [];

    /// <summary>The folder of the contents, shared by all servers of a database; by default <c>blobs</c> beside the SQLite file, else <c>data/blobs</c>.</summary>
    public string? Folder { get; set; }

    public S3Options S3 { get; set; } = new();

    /// <summary>A bucket in the place of the folder.</summary>
    internal sealed class S3Options
    {
        public string? Bucket { get; set; }

        /// <summary>The address of the store where it is not Amazon's.</summary>
        public string? ServiceUrl { get; set; }

        public string Region { get; set; } = "us-east-1";

        /// <summary>Without it the role of the machine counts.</summary>
        public string? AccessKey { get; set; }

        public string? SecretKey { get; set; }

        /// <summary>In front of the names of all objects.</summary>
        public string Prefix { get; set; } = "";
    }

    public BinarySettings ToSettings() => Types.Count == 0
        ? new BinarySettings { MaxBytes = MaxBytes }
        : new BinarySettings { MaxBytes = MaxBytes, Types = [.. Types.Select(type => type.ToLowerInvariant())] };

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxBytes is < 1 or > int.MaxValue)
        {
            yield return $"Binary:MaxBytes must be from 1 to {int.MaxValue}, which is as much as an attachment can state.";
        }

        if (Types.Any(type => type is "*/*" || BinaryRules.MediaTypeOf(type) is null))
        {
            yield return "Binary:Types must be media types, as image/png or audio/*.";
        }

        if (S3.Bucket is null && (S3.ServiceUrl ?? S3.AccessKey ?? S3.SecretKey) is not null)
        {
            yield return "Binary:S3 needs Binary:S3:Bucket.";
        }

        if (S3.AccessKey is null != S3.SecretKey is null)
        {
            yield return "Binary:S3:AccessKey and Binary:S3:SecretKey go together.";
        }

        if (S3.ServiceUrl is { } address && !(Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return "Binary:S3:ServiceUrl must be an http or https address.";
        }
    }
}
