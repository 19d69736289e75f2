using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using TeleFhir.Domain.Binaries;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>Blobs as objects of a bucket of an S3-compatible store, which acknowledges an object only when it is durable.</summary>
internal sealed class S3BlobStore : IBlobStore, IDisposable
{
    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _prefix;

    public S3BlobStore(BlobStoreSettings settings)
    {
        var config = new AmazonS3Config
        {
            // What stores other than Amazon's do not know is not asked of them.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (settings.ServiceUrl is { } address)
        {
            (config.ServiceURL, config.ForcePathStyle, config.AuthenticationRegion) = (address, true, settings.Region);
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }

        _client = settings.AccessKey is { } key ? new AmazonS3Client(new BasicAWSCredentials(key, settings.SecretKey), config) : new AmazonS3Client(config);
        (_bucket, _prefix) = (settings.Bucket!, settings.Prefix);
    }

    public async Task WriteAsync(string name, Stream content, CancellationToken cancellationToken) => await _client.PutObjectAsync(
        new PutObjectRequest { BucketName = _bucket, Key = _prefix + name, InputStream = content, AutoCloseStream = false, AutoResetStreamPosition = false, UseChunkEncoding = false },
        cancellationToken);

    public async Task<Stream> OpenAsync(string name, long offset, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return Stream.Null;
        }

        try
        {
            var answer = await _client.GetObjectAsync(
                new GetObjectRequest { BucketName = _bucket, Key = _prefix + name, ByteRange = new ByteRange(offset, offset + length - 1) }, cancellationToken);
            return answer.ResponseStream;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            throw new FileNotFoundException("There is no such blob.", missing);
        }
    }

    public Task DeleteAsync(string name, CancellationToken cancellationToken) => _client.DeleteObjectAsync(_bucket, _prefix + name, cancellationToken);

    public async IAsyncEnumerable<KeptBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _bucket, Prefix = _prefix };
        while (true)
        {
            var page = await _client.ListObjectsV2Async(request, cancellationToken);
            foreach (var one in page.S3Objects ?? [])
            {
                yield return new KeptBlob(one.Key[_prefix.Length..], one.LastModified is { } modified ? new DateTimeOffset(modified.ToUniversalTime()) : DateTimeOffset.MaxValue);
            }

            if (page.IsTruncated != true)
            {
                break;
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    public void Dispose() => _client.Dispose();
}
