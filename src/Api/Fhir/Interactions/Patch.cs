using TeleFhir.Domain.Bundles;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Patch of one resource, by id or by criteria, with JSON Patch or FHIRPath Patch (https://hl7.org/fhir/R4/http.html#patch).
/// </summary>
internal static class Patch
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var (format, patch) = await request.Body.ReadPatchAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        return await Write.RunAsync(request, server, BundleEntry.Patch(request.Url, format, patch, request.IfMatch), cancellationToken);
    }
}
