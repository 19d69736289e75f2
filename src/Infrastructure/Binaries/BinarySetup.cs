using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>Registration of what keeps the contents of files.</summary>
internal static class BinarySetup
{
    public static void AddBinaries(this IServiceCollection services)
    {
        services.TryAddSingleton(new BinarySettings());
        services.TryAddSingleton(provider => new BlobStoreSettings { Folder = BlobStoreSettings.DefaultFolder(provider.GetRequiredService<StorageSettings>()) });
        services.AddSingleton<IBlobStore>(provider => provider.GetRequiredService<BlobStoreSettings>() is { Bucket: not null } bucket
            ? new S3BlobStore(bucket)
            : new FolderBlobStore(provider.GetRequiredService<BlobStoreSettings>().Folder));
        services.AddSingleton(provider => new BinaryContents(
            provider.GetRequiredService<IBlobStore>(),
            provider.GetRequiredService<BinarySettings>(),
            provider.GetRequiredService<BlobStoreSettings>(),
            provider.GetRequiredService<BookingSettings>().Canonicals));
        services.AddSingleton<IBinaryContents>(provider => provider.GetRequiredService<BinaryContents>());
        services.AddSingleton<BlobSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<BlobSweep>());
    }
}
