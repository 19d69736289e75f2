using Microsoft.AspNetCore.Routing.Patterns;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Binaries;

/// <summary>
/// Files (https://hl7.org/fhir/R4/binary.html): a Binary is read and written as what it is, and as a resource. All else that can be done with
/// resources is done with it too, by the routes of all types.
/// </summary>
internal static class BinaryRoutes
{
    private static readonly string[] _read = ["GET", "HEAD"];
    private static readonly string[] _post = ["POST"];
    private static readonly string[] _put = ["PUT"];

    public static void AddBinaries(this IServiceCollection services)
    {
        services.AddSingleton(provider => provider.GetRequiredService<TeleFhirOptions>().Binary.ToSettings());
        services.AddSingleton(PlaceOf);
    }

    public static void MapBinaries(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        Map(fhir, "/Binary/{id}", _read, ReadBinary.HandleAsync).Declares(Interaction.Read, "Read a file").LongRunning();
        Map(fhir, "/Binary/{id}/_history/{vid}", _read, ReadBinary.HandleAsync).Declares(Interaction.VersionRead, "Read a version of a file").LongRunning();
        Map(fhir, "/Binary", _post, WriteBinary.HandleCreateAsync).Declares(Interaction.Create, "Store a file").LongRunning();
        Map(fhir, "/Binary/{id}", _put, WriteBinary.HandleUpdateAsync).Declares(Interaction.Update, "Replace a file").LongRunning();
    }

    // A literal costs other types nothing in routing, as a constraint on {type} would; the type is where all look for it, all the same.
    private static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string pattern, string[] methods, Delegate handler) =>
        routes.Map(RoutePatternFactory.Parse(pattern, new { type = "Binary" }, parameterPolicies: null), handler).WithMetadata(new HttpMethodMetadata(methods));

    private static BlobStoreSettings PlaceOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<TeleFhirOptions>().Binary;
        return new BlobStoreSettings
        {
            Folder = Path.GetFullPath(options.Folder ?? BlobStoreSettings.DefaultFolder(provider.GetRequiredService<StorageSettings>())),
            Bucket = options.S3.Bucket,
            ServiceUrl = options.S3.ServiceUrl,
            Region = options.S3.Region,
            AccessKey = options.S3.AccessKey,
            SecretKey = options.S3.SecretKey,
            Prefix = options.S3.Prefix,
        };
    }
}
